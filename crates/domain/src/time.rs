//! Instants as microseconds since 1970-01-01T00:00:00Z, over the whole years 1-9999.
//!
//! No calendar library covers that range to its last day, so the civil arithmetic is our own
//! (proleptic Gregorian calendar, RFC 3339 text).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one UTC day.
pub const DAY: i64 = 86_400 * SECOND;

/// An instant: microseconds since the Unix epoch, UTC, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    /// 0001-01-01T00:00:00Z, the first instant a message may carry.
    pub const MIN: Self = Self(-62_135_596_800 * SECOND);
    /// 9999-12-31T23:59:59.999999Z, the last instant a message may carry.
    pub const MAX: Self = Self(253_402_300_800 * SECOND - 1);

    /// The UTC day this instant lies in.
    pub fn utc_day(self) -> Day {
        Day(self.0.div_euclid(DAY) as i32)
    }

    /// This instant moved by `micros`, saturating at the ends of `i64`.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by whole seconds, saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Self {
        self.plus(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND))
    }

    /// This instant moved back by whole seconds, saturating.
    #[must_use]
    pub fn minus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND)))
    }
}

/// Writes `YYYY-MM-DDTHH:MM:SS.ffffffZ`, always six decimals; a year over 9999 takes the expanded
/// form `+YYYYYY` of ISO 8601 (only the exclusive end of a range can get there).
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_day = self.0.rem_euclid(DAY);
        let seconds = in_day / SECOND;
        write!(
            f,
            "{}T{:02}:{:02}:{:02}.{:06}Z",
            self.utc_day(),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            in_day % SECOND
        )
    }
}

/// A calendar day: days since 1970-01-01. Which zone it is meant in, the place that holds it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// 0001-01-01.
    pub const MIN: Self = Self(-719_162);
    /// 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// The day of a civil date, or `None` where the calendar has no such day in years 1-9999.
    pub fn from_civil(year: i32, month: u32, day: u32) -> Option<Self> {
        let fits =
            (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=month_days(year, month)).contains(&day);
        fits.then(|| Self(days_from_civil(year, month, day)))
    }

    /// Year, month (1-12) and day of the month (1-31).
    pub fn civil(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// The first instant of this day in UTC.
    pub fn utc_start(self) -> Micros {
        Micros(i64::from(self.0) * DAY)
    }

    /// The day after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The first day of the month this day lies in.
    #[must_use]
    pub fn month_start(self) -> Self {
        Self(self.0 - self.civil().2 as i32 + 1)
    }

    /// The last day of the month this day lies in.
    #[must_use]
    pub fn month_end(self) -> Self {
        let (year, month, day) = self.civil();
        Self(self.0 + month_days(year, month) as i32 - day as i32)
    }
}

/// Writes `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        match year {
            0..=9999 => write!(f, "{year:04}-{month:02}-{day:02}"),
            _ => write!(f, "{year:+07}-{month:02}-{day:02}"),
        }
    }
}

/// Reads `YYYY-MM-DD`, years 0001-9999 (RFC 3339 `full-date`).
impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(TimeError::DateForm);
        }
        let (year, month, day) = (digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?);
        Self::from_civil(year as i32, month, day).ok_or(TimeError::NoSuchDay)
    }
}

/// Reads an RFC 3339 `date-time` with an offset; its instant must lie in the years 1-9999 of UTC.
///
/// `t` and `z` may be lower case, one to six decimals are taken, a leap second is refused.
impl FromStr for Micros {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || !text.is_ascii() {
            return Err(TimeError::DateTimeForm);
        }
        if !matches!(bytes[10], b'T' | b't') {
            return Err(TimeError::DateTimeForm);
        }
        // A local time of year 0 or 10000 can name an instant of years 1-9999, but RFC 3339 has four digits only.
        let (year, month, day) = (digits(&bytes[..4])? as i32, digits(&bytes[5..7])?, digits(&bytes[8..10])?);
        if bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(TimeError::DateTimeForm);
        }
        if !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) {
            return Err(TimeError::NoSuchDay);
        }
        let clock = clock_micros(&bytes[11..19])?;
        let (fraction, rest) = fraction(&bytes[19..])?;
        let offset_seconds = offset(rest)?;
        let instant = i64::from(days_from_civil(year, month, day)) * DAY + clock + fraction - offset_seconds * SECOND;
        if !(Self::MIN.0..=Self::MAX.0).contains(&instant) {
            return Err(TimeError::OutOfRange);
        }
        Ok(Self(instant))
    }
}

/// Why a date or a time was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    /// Not of the form `YYYY-MM-DD`.
    #[error("is not a date of the form YYYY-MM-DD")]
    DateForm,
    /// Not an RFC 3339 time with an offset.
    #[error("is not an RFC 3339 time with an offset, such as 2024-01-31T09:30:00Z")]
    DateTimeForm,
    /// No such day, e.g. 2023-02-29.
    #[error("names a day that the calendar does not have")]
    NoSuchDay,
    /// No such time of day, e.g. 24:00:00.
    #[error("names a time of day that does not exist")]
    NoSuchTime,
    /// `:60`.
    #[error("is a leap second, which has no instant of its own")]
    LeapSecond,
    /// More than six decimals of a second.
    #[error("has more than six decimals of a second")]
    TooFine,
    /// The instant lies outside the years 1-9999 of UTC.
    #[error("lies outside the years 1-9999 (UTC)")]
    OutOfRange,
}

fn digits(bytes: &[u8]) -> Result<u32, TimeError> {
    bytes.iter().try_fold(0, |sum, byte| match byte {
        b'0'..=b'9' => Ok(sum * 10 + u32::from(byte - b'0')),
        _ => Err(TimeError::DateTimeForm),
    })
}

fn clock_micros(bytes: &[u8]) -> Result<i64, TimeError> {
    let (hour, minute, second) = (digits(&bytes[..2])?, digits(&bytes[3..5])?, digits(&bytes[6..8])?);
    if bytes[2] != b':' || bytes[5] != b':' {
        return Err(TimeError::DateTimeForm);
    }
    match (hour, minute, second) {
        (0..=23, 0..=59, 60) => Err(TimeError::LeapSecond),
        (0..=23, 0..=59, 0..=59) => Ok(i64::from(hour * 3600 + minute * 60 + second) * SECOND),
        _ => Err(TimeError::NoSuchTime),
    }
}

fn fraction(bytes: &[u8]) -> Result<(i64, &[u8]), TimeError> {
    if bytes[0] != b'.' {
        return Ok((0, bytes));
    }
    let length = bytes[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match length {
        0 => Err(TimeError::DateTimeForm),
        1..=6 => {
            let value = i64::from(digits(&bytes[1..=length])?) * 10_i64.pow(6 - length as u32);
            Ok((value, &bytes[1 + length..]))
        }
        _ => Err(TimeError::TooFine),
    }
}

fn offset(bytes: &[u8]) -> Result<i64, TimeError> {
    let sign = match bytes {
        [b'Z' | b'z'] => return Ok(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return Err(TimeError::DateTimeForm),
    };
    let (hours, minutes) = (digits(&bytes[1..3])?, digits(&bytes[4..6])?);
    if hours > 23 || minutes > 59 {
        return Err(TimeError::NoSuchTime);
    }
    Ok(sign * i64::from(hours * 3600 + minutes * 60))
}

fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_days(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, by counting 400-year eras of 146,097 days from 0000-03-01.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<i64, TimeError>) {
        assert_eq!(text.parse::<Micros>().map(|micros| micros.0), expected, "{text}");
    }

    #[test]
    fn times_are_read_over_all_years() {
        check("1970-01-01T00:00:00Z", Ok(0));
        check("1970-01-01t00:00:00.5z", Ok(500_000));
        check("1970-01-01T05:30:00+05:30", Ok(0));
        check("1969-12-31T23:59:59.999999Z", Ok(-1));
        check("0001-01-01T00:00:00Z", Ok(Micros::MIN.0));
        check("9999-12-31T23:59:59.999999Z", Ok(Micros::MAX.0));
        check("0000-12-31T23:00:00-01:00", Ok(Micros::MIN.0));
        check("2024-02-29T00:00:00-00:00", Ok(1_709_164_800 * SECOND));
    }

    #[test]
    fn what_is_refused_says_why() {
        check("2023-02-29T00:00:00Z", Err(TimeError::NoSuchDay));
        check("2016-12-31T23:59:60Z", Err(TimeError::LeapSecond));
        check("2016-12-31T24:00:00Z", Err(TimeError::NoSuchTime));
        check("2016-12-31T23:59:59.1234567Z", Err(TimeError::TooFine));
        check("2016-12-31T23:59:59.Z", Err(TimeError::DateTimeForm));
        check("2016-12-31T23:59:59", Err(TimeError::DateTimeForm));
        check("2016-12-31 23:59:59Z", Err(TimeError::DateTimeForm));
        check("2016-12-31T23:59:59+0100", Err(TimeError::DateTimeForm));
        check("2016-12-31T23:59:59+24:00", Err(TimeError::NoSuchTime));
        check("0001-01-01T00:00:00+00:01", Err(TimeError::OutOfRange));
        check("9999-12-31T23:59:59-00:01", Err(TimeError::OutOfRange));
        check("2016-12-31T23:59:59.٣Z", Err(TimeError::DateTimeForm));
        check("", Err(TimeError::DateTimeForm));
    }

    #[test]
    fn days_are_read_and_written() {
        for (text, days) in [("0001-01-01", Day::MIN.0), ("9999-12-31", Day::MAX.0), ("2024-02-29", 19_782)] {
            assert_eq!(text.parse::<Day>(), Ok(Day(days)));
            assert_eq!(Day(days).to_string(), text);
        }
        assert_eq!("2024-2-29".parse::<Day>(), Err(TimeError::DateForm));
        assert_eq!("0000-01-01".parse::<Day>(), Err(TimeError::NoSuchDay));
        assert_eq!(Day::MAX.next().to_string(), "+010000-01-01");
        assert_eq!(Day(19_782).month_end().to_string(), "2024-02-29");
        assert_eq!(Day(19_782).month_start().to_string(), "2024-02-01");
    }

    proptest! {
        #[test]
        fn text_and_instant_are_the_same_thing(micros in Micros::MIN.0..=Micros::MAX.0) {
            prop_assert_eq!(Micros(micros).to_string().parse::<Micros>(), Ok(Micros(micros)));
        }

        #[test]
        fn a_day_agrees_with_the_calendar_library(days in Day::MIN.0..=Day::MAX.0) {
            let (year, month, day) = Day(days).civil();
            let date = jiff::civil::date(year as i16, month as i8, day as i8);
            let epoch = jiff::civil::date(1970, 1, 1);
            prop_assert_eq!(epoch.until(date).unwrap().get_days(), days);
            prop_assert_eq!(Day::from_civil(year, month, day), Some(Day(days)));
        }
    }
}
