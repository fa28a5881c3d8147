//! Calendar ranges: inclusive local days in an IANA zone, and the instants they mean.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::time::{DAY, Day, Micros, SECOND, TimeError};

/// An IANA time zone, from the data bundled into the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// The zone's name in its IANA spelling.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant at which a local day begins: midnight, or where the clock jumps over midnight the first instant
    /// after the jump, or where midnight comes twice the first of the two.
    ///
    /// A day that the zone left out (Pacific/Apia 2011-12-30) begins and ends at the same instant.
    pub fn day_start(&self, day: Day) -> Micros {
        // The calendar library ends inside 9999-12-30; zone rules repeat exactly after 400 years (146,097 days).
        const GREGORIAN_CYCLE: i32 = 146_097;
        let last_safe = Day::from_civil(9999, 1, 1).map_or(0, |day| day.0);
        let shifted = if day.0 >= last_safe { Day(day.0 - GREGORIAN_CYCLE) } else { day };
        let (year, month, day_of_month) = shifted.civil();
        let midnight = jiff::civil::date(year as i16, month as i8, day_of_month as i8).at(0, 0, 0, 0);
        // 'Compatible' reads a skipped midnight with the offset before the jump, and a doubled one as the first.
        let start = self.rules.to_ambiguous_timestamp(midnight).compatible();
        let offset_micros = match start {
            Ok(instant) => return Micros(instant.as_microsecond() + i64::from(day.0 - shifted.0) * DAY),
            Err(_) => i64::from(self.rules.to_offset(jiff::Timestamp::MIN).seconds()) * SECOND,
        };
        Micros(day.utc_start().0 - offset_micros)
    }
}

impl FromStr for Zone {
    type Err = RangeError;

    fn from_str(name: &str) -> Result<Self, RangeError> {
        let unknown = || RangeError::UnknownZone(name.chars().take(80).collect());
        // 'Etc/Unknown' is the library's name for 'no zone known', not a zone of a request.
        let rules = jiff::tz::db().get(name).map_err(|_| unknown())?;
        let canonical = rules.iana_name().filter(|name| *name != "Etc/Unknown").ok_or_else(unknown)?.to_owned();
        Ok(Self { name: canonical, rules })
    }
}

/// Both ends inclusive, in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateRange {
    from: Day,
    to: Day,
    zone: Zone,
}

impl DateRange {
    /// The days `from` to `to`, both included; refused where `to` comes before `from`.
    pub fn new(from: Day, to: Day, zone: Zone) -> Result<Self, RangeError> {
        if to < from {
            return Err(RangeError::Backwards { from, to });
        }
        Ok(Self { from, to, zone })
    }

    /// First day.
    pub fn from(&self) -> Day {
        self.from
    }

    /// Last day.
    pub fn to(&self) -> Day {
        self.to
    }

    /// The zone the days are meant in.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The instants of the range, end exclusive.
    pub fn span(&self) -> Span {
        self.span_of(self.from, self.to)
    }

    /// The instants of the days `first` to `last` of the zone, end exclusive.
    pub fn span_of(&self, first: Day, last: Day) -> Span {
        Span { start: self.zone.day_start(first), end: self.zone.day_start(last.next()) }
    }
}

/// Instants from `start` (inclusive) to `end` (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First instant.
    pub start: Micros,
    /// First instant after it.
    pub end: Micros,
}

impl Span {
    /// Whether no instant lies in it.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether an instant lies in it.
    pub fn contains(self, instant: Micros) -> bool {
        self.start <= instant && instant < self.end
    }

    /// First and last UTC day it touches, or `None` where it is empty.
    pub fn utc_days(self) -> Option<(Day, Day)> {
        (!self.is_empty()).then(|| (self.start.utc_day(), self.end.plus(-1).utc_day()))
    }

    /// Whether the whole UTC day lies in it.
    pub fn covers_utc_day(self, day: Day) -> bool {
        self.start <= day.utc_start() && day.next().utc_start() <= self.end
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} (exclusive)", self.start, self.end)
    }
}

/// Why a range was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RangeError {
    /// A date could not be read.
    #[error("{0}")]
    Date(#[from] TimeError),
    /// `to` comes before `from`.
    #[error("'to' {to} comes before 'from' {from}")]
    Backwards {
        /// First day asked.
        from: Day,
        /// Last day asked.
        to: Day,
    },
    /// No such zone in the IANA data.
    #[error("'{0}' is not a time zone of the IANA data, such as Europe/Berlin")]
    UnknownZone(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(zone: &str, day: &str, start: &str, hours: i64) {
        let range = DateRange::new(day.parse().unwrap(), day.parse().unwrap(), zone.parse().unwrap()).unwrap();
        let span = range.span();
        assert_eq!(span.start.to_string(), start, "{zone} {day}");
        assert_eq!((span.end.0 - span.start.0) / 3_600_000_000, hours, "{zone} {day}");
    }

    #[test]
    fn local_days_become_instants() {
        check("UTC", "2024-02-29", "2024-02-29T00:00:00.000000Z", 24);
        check("Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00.000000Z", 23);
        check("Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00.000000Z", 25);
        check("Asia/Kolkata", "2024-01-01", "2023-12-31T18:30:00.000000Z", 24);
        check("America/New_York", "2024-11-03", "2024-11-03T04:00:00.000000Z", 25);
        check("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00.000000Z", 24);
        check("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000000Z", 0);
        check("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000000Z", 24);
        // The clock jumps from 00:00 to 01:00, so the day begins at 01:00.
        check("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000000Z", 23);
    }

    #[test]
    fn the_ends_of_the_years_are_days_too() {
        check("UTC", "0001-01-01", "0001-01-01T00:00:00.000000Z", 24);
        check("UTC", "9999-12-31", "9999-12-31T00:00:00.000000Z", 24);
        check("Asia/Kolkata", "9999-12-31", "9999-12-30T18:30:00.000000Z", 24);
        check("America/New_York", "9999-12-31", "9999-12-31T05:00:00.000000Z", 24);
        check("Europe/Berlin", "9999-06-01", "9999-05-31T22:00:00.000000Z", 24);
        let range = DateRange::new(Day::MIN, Day::MAX, Zone::utc()).unwrap();
        assert_eq!(range.span().start, Micros::MIN);
        assert_eq!(range.span().end.to_string(), "+010000-01-01T00:00:00.000000Z");
    }

    #[test]
    fn bad_ranges_are_refused() {
        assert!("Mars/Olympus".parse::<Zone>().is_err());
        assert!("".parse::<Zone>().is_err());
        assert_eq!("europe/berlin".parse::<Zone>().unwrap().name(), "Europe/Berlin");
        let (from, to) = ("2024-01-02".parse().unwrap(), "2024-01-01".parse().unwrap());
        assert_eq!(DateRange::new(from, to, Zone::utc()), Err(RangeError::Backwards { from, to }));
    }

    proptest! {
        #[test]
        fn days_follow_each_other_without_gap(day in Day::MIN.0 + 1..Day::MAX.0, zone in 0usize..6) {
            let names = ["UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "Africa/Monrovia"];
            let zone: Zone = names[zone].parse().unwrap();
            let (start, end) = (zone.day_start(Day(day)), zone.day_start(Day(day).next()));
            prop_assert!(start <= end && end.0 - start.0 <= 26 * 3_600_000_000, "{} {}", start, end);
            prop_assert!((start.0 - Day(day).utc_start().0).abs() < DAY);
        }
    }
}
