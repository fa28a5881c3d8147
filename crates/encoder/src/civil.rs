//! Civil dates and times as text, over the whole years 1-9999 of the proleptic Gregorian calendar.
//!
//! Calendar libraries end before 9999-12-31T23:59:59.999999Z, so the arithmetic is our own: a year that begins in
//! March puts the leap day last, and 400 years have 146,097 days.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::digits::PAIRS;

/// Microseconds of one day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_FROM_MARCH_ZERO: i32 = 719_468;
const DAYS_OF_400_YEARS: i32 = 146_097;

/// A day, as days since 1970-01-01, within the years 1-9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// 0001-01-01.
    pub const MIN: Self = Self(-719_162);
    /// 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// The day so many days after 1970-01-01, or `None` outside the years 1-9999.
    pub fn from_epoch_days(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&days).then_some(Self(days))
    }

    /// Days since 1970-01-01.
    pub fn epoch_days(self) -> i32 {
        self.0
    }

    /// The day after this one, or `None` after 9999-12-31.
    pub fn next(self) -> Option<Self> {
        Self::from_epoch_days(self.0 + 1)
    }

    /// The day before this one, or `None` before 0001-01-01.
    pub fn previous(self) -> Option<Self> {
        Self::from_epoch_days(self.0 - 1)
    }

    /// `YYYY-MM-DD`.
    pub fn text(self) -> [u8; 10] {
        let (year, month, day) = civil_from_days(self.0);
        let mut text = *b"0000-00-00";
        put_digits(&mut text[0..4], [year / 100, year % 100]);
        put_digits(&mut text[5..7], [month]);
        put_digits(&mut text[8..10], [day]);
        text
    }
}

/// An instant, as microseconds since 1970-01-01T00:00:00Z, within the years 1-9999 of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// 0001-01-01T00:00:00.000000Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The instant so many microseconds after the epoch, or `None` outside the years 1-9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&micros).then_some(Self(micros))
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`, always six decimals (RFC 3339).
    pub fn text(self) -> [u8; 27] {
        InstantTexts::default().text(self)
    }
}

/// Texts of instants one after the other: that of the day is kept, since most are of the same day as the one before.
pub(crate) struct InstantTexts {
    day: Date,
    text: [u8; 10],
}

impl Default for InstantTexts {
    fn default() -> Self {
        Self { day: Date::MIN, text: Date::MIN.text() }
    }
}

impl InstantTexts {
    /// As [`Instant::text`].
    #[inline]
    pub(crate) fn text(&mut self, instant: Instant) -> [u8; 27] {
        let day = Date(instant.0.div_euclid(DAY_MICROS) as i32);
        if day != self.day {
            *self = Self { day, text: day.text() };
        }
        let micros = instant.0.rem_euclid(DAY_MICROS);
        let second_of_day = (micros / 1_000_000) as u32;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        text[0..10].copy_from_slice(&self.text);
        put_digits(&mut text[11..13], [second_of_day / 3600]);
        put_digits(&mut text[14..16], [second_of_day / 60 % 60]);
        put_digits(&mut text[17..19], [second_of_day % 60]);
        let decimals = (micros % 1_000_000) as u32;
        put_digits(&mut text[20..26], [decimals / 10_000, decimals / 100 % 100, decimals % 100]);
        text
    }
}

/// A text that is not a date or an instant in the one form they are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is neither a date YYYY-MM-DD nor an instant YYYY-MM-DDTHH:MM:SS.ffffffZ of the years 1-9999")]
pub struct CivilError;

impl FromStr for Date {
    type Err = CivilError;

    fn from_str(text: &str) -> Result<Self, CivilError> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 {
            return Err(CivilError);
        }
        let (year, month, day) = (digits(&bytes[0..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?);
        let date = Self::from_epoch_days(days_from_civil(year, month, day)).ok_or(CivilError)?;
        // Writing it again finds 02-30, month 13 and wrong separators at once.
        if date.text() == bytes { Ok(date) } else { Err(CivilError) }
    }
}

impl FromStr for Instant {
    type Err = CivilError;

    fn from_str(text: &str) -> Result<Self, CivilError> {
        if text.len() != 27 || !text.is_ascii() {
            return Err(CivilError);
        }
        let bytes = text.as_bytes();
        let date: Date = text[0..10].parse()?;
        let seconds = digits(&bytes[11..13])? * 3600 + digits(&bytes[14..16])? * 60 + digits(&bytes[17..19])?;
        let micros = i64::from(seconds) * 1_000_000 + i64::from(digits(&bytes[20..26])?);
        let instant = Self::from_micros(i64::from(date.0) * DAY_MICROS + micros).ok_or(CivilError)?;
        if instant.text() == bytes { Ok(instant) } else { Err(CivilError) }
    }
}

/// Days since 1970-01-01 of a civil date; months and days beyond the calendar give some other day.
fn days_from_civil(year: u32, month: u32, day: u32) -> i32 {
    let (year, month, day) = (year as i32, month as i32, day as i32);
    let march_year = if month <= 2 { year - 1 } else { year };
    let cycle = march_year.div_euclid(400);
    let year_of_cycle = march_year.rem_euclid(400);
    let month_from_march = (month + 9).rem_euclid(12);
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * DAYS_OF_400_YEARS + day_of_cycle - EPOCH_FROM_MARCH_ZERO
}

/// Year, month and day of a day within the years 1-9999.
fn civil_from_days(days: i32) -> (u32, u32, u32) {
    let from_march_zero = days + EPOCH_FROM_MARCH_ZERO;
    let cycle = from_march_zero.div_euclid(DAYS_OF_400_YEARS);
    let day_of_cycle = from_march_zero.rem_euclid(DAYS_OF_400_YEARS);
    // 1,460 days are four years short of their leap day, 36,524 a century, 146,096 the last day of the cycle.
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = cycle * 400 + year_of_cycle + i32::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

/// Pairs of digits, as many as there is room for.
fn put_digits<const N: usize>(into: &mut [u8], pairs: [u32; N]) {
    for (digits, pair) in into.chunks_exact_mut(2).zip(pairs) {
        digits.copy_from_slice(&PAIRS[pair as usize]);
    }
}

fn digits(bytes: &[u8]) -> Result<u32, CivilError> {
    bytes.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + u32::from(byte - b'0')),
        _ => Err(CivilError),
    })
}

macro_rules! as_text {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.text().iter().try_for_each(|byte| fmt::Write::write_char(f, char::from(*byte)))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

as_text!(Date);
as_text!(Instant);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1u32, 1u32, 1u32);
        for days in Date::MIN.0..=Date::MAX.0 {
            assert_eq!(civil_from_days(days), (year, month, day));
            assert_eq!(days_from_civil(year, month, day), days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
        assert_eq!((year, month, day), (10_000, 1, 1));
    }

    #[test]
    fn instants_have_one_text() {
        let check = |micros: i64, text: &str| {
            let instant = Instant::from_micros(micros).unwrap();
            assert_eq!(instant.to_string(), text);
            assert_eq!(text.parse(), Ok(instant));
        };
        check(0, "1970-01-01T00:00:00.000000Z");
        check(-1, "1969-12-31T23:59:59.999999Z");
        check(1_709_210_096_000_007, "2024-02-29T12:34:56.000007Z");
        check(Instant::MIN.0, "0001-01-01T00:00:00.000000Z");
        check(Instant::MAX.0, "9999-12-31T23:59:59.999999Z");
        assert_eq!(Instant::from_micros(Instant::MIN.0 - 1), None);
        assert_eq!(Instant::from_micros(Instant::MAX.0 + 1), None);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "0000-01-01",
            "2024/01/01",
            "+024-01-01",
            "é24-01-01",
        ] {
            assert_eq!(text.parse::<Date>(), Err(CivilError), "{text}");
        }
        for text in [
            "2024-01-01T24:00:00.000000Z",
            "2024-01-01T00:60:00.000000Z",
            "2024-01-01t00:00:00.000000Z",
            "2024-01-01T00:00:00.00000éZ",
        ] {
            assert_eq!(text.parse::<Instant>(), Err(CivilError), "{text}");
        }
    }
}
