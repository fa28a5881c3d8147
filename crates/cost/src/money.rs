//! Money: whole cents on a bill, whole billionths of a dollar in a price.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// Billionths of a dollar in a cent.
pub const NANOS_A_CENT: u128 = 10_000_000;
/// Decimal places of a price.
const PLACES: usize = 9;

/// An amount on a bill (US cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub u128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many hundredths of a percent of `whole`, rounded down; all of nothing is nothing.
    pub fn share_of(self, whole: Self) -> BasisPoints {
        BasisPoints((self.0 * 10_000).checked_div(whole.0).unwrap_or(0))
    }

    /// What each of `many` pays; of nobody, nothing.
    pub fn each(self, many: u128) -> Fine {
        Fine((self.0 * NANOS_A_CENT).checked_div(many).unwrap_or(0))
    }

    /// How many times `other` this is, in tenths, rounded half up; `None` where the other costs nothing.
    pub fn tenths_of(self, other: Self) -> Option<u128> {
        (other.0 > 0).then(|| (self.0 * 20 + other.0) / (other.0 * 2))
    }

    /// Dollars with two places and nothing else, for machines: `1234.50`.
    pub fn plain(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// `$1,234.50`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("${}.{:02}", grouped(self.0 / 100), self.0 % 100))
    }
}

/// A price, or an amount divided among many (billionths of a dollar).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fine(pub u128);

impl Fine {
    /// Reads decimal dollars with at most nine places and at most six digits before them: `0.0225`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let has_dot_alone = text.ends_with('.');
        if whole.is_empty()
            || whole.len() > 6
            || places.len() > PLACES
            || has_dot_alone
            || !digits(whole)
            || !digits(places)
        {
            return None;
        }
        format!("{whole}{places:0<PLACES$}").parse().ok().map(Self)
    }

    /// Dollars with as many places as are needed, and at least two.
    pub fn plain(self) -> String {
        let places = format!("{:09}", self.0 % 1_000_000_000);
        let kept = places.trim_end_matches('0').len().max(2);
        format!("{}.{}", self.0 / 1_000_000_000, &places[..kept])
    }
}

/// Dollars with two places, and from a dollar down with four: `$0.0012`.
impl fmt::Display for Fine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dollar = 1_000_000_000;
        if self.0 >= dollar || self.0 == 0 {
            return Money((self.0 + NANOS_A_CENT / 2) / NANOS_A_CENT).fmt(f);
        }
        let tenths_of_mills = (self.0 + 50_000) / 100_000;
        f.pad(&format!("${}.{:04}", tenths_of_mills / 10_000, tenths_of_mills % 10_000))
    }
}

/// A share in hundredths of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasisPoints(pub u128);

/// `12.5%`, rounded half up.
impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 + 5) / 10;
        f.pad(&format!("{}.{}%", tenths / 10, tenths % 10))
    }
}

/// Digits in groups of three.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups.map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_dollars() {
        for (cents, text) in [(0, "$0.00"), (7, "$0.07"), (123_450, "$1,234.50"), (100_000_000, "$1,000,000.00")] {
            assert_eq!(Money(cents).to_string(), text);
        }
        assert_eq!(Money(123_450).plain(), "1234.50");
        assert_eq!(format!("{:>8}|", Money(7)), "   $0.07|");
    }

    #[test]
    fn prices_are_read_to_the_last_place() {
        for (text, nanos) in [
            ("0.0225", 22_500_000),
            ("5", 5_000_000_000),
            ("0.000000001", 1),
            ("999999.999999999", 999_999_999_999_999),
        ] {
            assert_eq!(Fine::parse(text), Some(Fine(nanos)), "{text}");
        }
        for refused in ["", ".5", "5.", "-1", "1e3", "0.0000000001", "1234567", "1.2.3", "0,5", " 1", "+1"] {
            assert_eq!(Fine::parse(refused), None, "{refused}");
        }
        assert_eq!(["0.0225", "5", "0.10"].map(|text| Fine::parse(text).unwrap().plain()), ["0.0225", "5.00", "0.10"]);
    }

    #[test]
    fn small_shares_keep_four_places() {
        assert_eq!(Money(100).each(3).to_string(), "$0.3333");
        assert_eq!(Money(10_000).each(3).to_string(), "$33.33");
        assert_eq!(Money(100).each(0).to_string(), "$0.00");
        assert_eq!(Money(1).share_of(Money(3)).to_string(), "33.3%");
        assert_eq!(Money(1).share_of(Money::ZERO), BasisPoints(0));
    }

    #[test]
    fn one_amount_beside_another() {
        for (this, other, tenths) in [(10, 10, Some(10)), (15, 100, Some(2)), (14, 100, Some(1)), (1, 0, None)] {
            assert_eq!(Money(this).tenths_of(Money(other)), tenths, "{this} {other}");
        }
    }
}
