//! Numbers, days and reasons as people read them.

use domain::export::FailureCode;
use domain::owner::Owner;
use domain::time::{Day, Micros};

use super::About;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What all letters of an export say in the same words.
pub(super) struct Words {
    /// What was exported: the organisation's messages, or the reader's memberships.
    pub what: String,
    /// Which days, and by whose calendar; nothing for a dataset without dates.
    pub days: Option<String>,
    /// When it was asked for.
    pub asked: String,
    /// The page behind the login.
    pub link: String,
}

impl Words {
    pub fn of(about: &About) -> Self {
        let base = about.public_url.as_str();
        let (what, link) = match &about.owner {
            Owner::Organisation(slug) => {
                (format!("the messages of {slug}"), format!("{base}/#/exports/{slug}/{}", about.export))
            }
            Owner::User(_) => ("your memberships".to_owned(), format!("{base}/#/me/exports/{}", about.export)),
        };
        let in_zone = |zone: &str| if zone == "UTC" { "in UTC".to_owned() } else { format!("in the time zone {zone}") };
        let range = about.range.as_ref();
        let days =
            range.map(|range| format!("{}, days {}", days(range.from(), range.to()), in_zone(range.zone().name())));
        Self { what, days, asked: instant(about.asked_at), link }
    }
}

/// `1 January 2021 to 31 March 2021`, or one day alone.
pub(super) fn days(first: Day, last: Day) -> String {
    if first == last { day(first) } else { format!("{} to {}", day(first), day(last)) }
}

fn day(day: Day) -> String {
    let (year, month, day) = day.civil();
    let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    format!("{day} {month} {year}")
}

/// `8 April 2021, 14:05 UTC`.
pub(super) fn instant(at: Micros) -> String {
    let text = at.to_string();
    // RFC 3339 in UTC, so hours and minutes follow the T.
    let time = text.split_once('T').and_then(|(_, time)| time.get(..5)).unwrap_or_default();
    format!("{}, {time} UTC", day(at.utc_day()))
}

/// `1,234 messages`, `1 membership`.
pub(super) fn rows(about: &About, rows: u64) -> String {
    let one = match about.owner {
        Owner::Organisation(_) => "message",
        Owner::User(_) => "membership",
    };
    format!("{} {one}{}", grouped(rows), if rows == 1 { "" } else { "s" })
}

/// `512 bytes`, `1.5 MB (1,500,000 bytes)`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" }),
        Some((name, unit)) => {
            let tenths = bytes / (unit / 10);
            format!("{}.{} {name} ({} bytes)", grouped(tenths / 10), tenths % 10, grouped(bytes))
        }
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Why an export was given up.
pub(super) const fn reason(code: FailureCode) -> &'static str {
    match code {
        FailureCode::StepFailed => "A part of the work did not succeed, however often it was tried.",
        FailureCode::WorkersDied => "A part of the work ended the program that did it, each time it was tried.",
        FailureCode::Refused => "What is stored could not be read, or does not agree with its records.",
    }
}

/// What the reader can do about it.
pub(super) const fn advice(code: FailureCode, has_days: bool) -> &'static str {
    match (code, has_days) {
        (FailureCode::Refused, _) => {
            "Trying again will not help. Please tell those who run this service, and give them the number of the export, \
             which is the last part of the link."
        }
        (_, true) => {
            "All other days are done and kept. Open the page and choose \u{201c}Try the failed days again\u{201d}. \
             If that fails too, please tell those who run this service."
        }
        (_, false) => {
            "Please ask for the export again. If that fails too, tell those who run this service, and give them the \
             number of the export, which is the last part of the link."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_down_and_exact() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB (1,000 bytes)"),
            (1_999_999, "1.9 MB (1,999,999 bytes)"),
            (12_345_678_901, "12.3 GB (12,345,678,901 bytes)"),
            (u64::MAX, "18,446,744.0 TB (18,446,744,073,709,551,615 bytes)"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn days_and_instants() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(days(day("2021-01-01"), day("2021-03-31")), "1 January 2021 to 31 March 2021");
        assert_eq!(days(day("2024-02-29"), day("2024-02-29")), "29 February 2024");
        assert_eq!(instant(Micros(1_617_890_704_999_999)), "8 April 2021, 14:05 UTC");
    }
}
