//! In what prices count, and how many bytes, seconds or requests that is.

use std::fmt;

use serde::Deserialize;

use crate::money::grouped;

/// Bytes of what AWS calls a GB.
pub const GB: u128 = 1 << 30;
/// Bytes of what AWS calls a TB.
pub const TB: u128 = 1 << 40;
/// Seconds of an hour.
pub const HOUR: u128 = 3_600;
/// Hours that AWS's calculator counts in a month, for what is paid by the hour.
pub const HOURS_A_MONTH: u128 = 730;
/// Days that are counted in a month, for data.
pub const DAYS_A_MONTH: u128 = 30;

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Unit {
    /// 2^30 bytes kept for a month.
    #[serde(rename = "GB-month")]
    GbMonth,
    /// 2^30 bytes moved or read.
    #[serde(rename = "GB")]
    Gb,
    /// 2^40 bytes moved or read.
    #[serde(rename = "TB")]
    Tb,
    /// 3,600 seconds of one thing.
    #[serde(rename = "hour")]
    Hour,
    /// 2^30 bytes of memory for 3,600 seconds; counted in GB and seconds.
    #[serde(rename = "GB-hour")]
    GbHour,
    /// A thousand requests, letters or objects.
    #[serde(rename = "thousand")]
    Thousand,
    /// Ten thousand requests.
    #[serde(rename = "ten thousand")]
    TenThousand,
    /// A million requests.
    #[serde(rename = "million")]
    Million,
    /// One thing for a month.
    #[serde(rename = "month")]
    Month,
}

impl Unit {
    /// How many of what is counted make one of this unit.
    pub const fn base(self) -> u128 {
        match self {
            Self::GbMonth | Self::Gb => GB,
            Self::Tb => TB,
            Self::Hour | Self::GbHour => HOUR,
            Self::Thousand => 1_000,
            Self::TenThousand => 10_000,
            Self::Million => 1_000_000,
            Self::Month => 1,
        }
    }

    /// As `prices.toml` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GbMonth => "GB-month",
            Self::Gb => "GB",
            Self::Tb => "TB",
            Self::Hour => "hour",
            Self::GbHour => "GB-hour",
            Self::Thousand => "thousand",
            Self::TenThousand => "ten thousand",
            Self::Million => "million",
            Self::Month => "month",
        }
    }

    /// A quantity as AWS's calculator asks for it: single requests and things, and all else in this unit, to three places.
    pub fn quantity(self, base: u128) -> String {
        match self {
            Self::Thousand | Self::TenThousand | Self::Million | Self::Month => grouped(base),
            _ => {
                let thousandths = (base * 1_000 + self.base() / 2) / self.base();
                let places = format!("{:03}", thousandths % 1_000);
                let places = places.trim_end_matches('0');
                let dot = if places.is_empty() { "" } else { "." };
                format!("{}{dot}{places}", grouped(thousandths / 1_000))
            }
        }
    }

    /// A quantity in this unit, decimal to nine places, for machines.
    pub fn decimal(self, base: u128) -> String {
        let (whole, rest) = (base / self.base(), base % self.base());
        let places = format!("{:09}", rest * 1_000_000_000 / self.base());
        let places = places.trim_end_matches('0');
        if places.is_empty() { whole.to_string() } else { format!("{whole}.{places}") }
    }

    /// What is entered where AWS's calculator asks for such a quantity.
    pub const fn entered(self) -> &'static str {
        match self {
            Self::GbMonth | Self::Gb => "GB",
            Self::Tb => "TB",
            Self::Hour => "hours",
            Self::GbHour => "GB-hours",
            Self::Thousand | Self::TenThousand | Self::Million => "single ones",
            Self::Month => "things",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_get_decimals() {
        let cases = [
            (Unit::Thousand, 1_500, "1.5"),
            (Unit::Gb, GB, "1"),
            (Unit::Hour, 1, "0.000277777"),
            (Unit::Million, 0, "0"),
        ];
        for (unit, base, text) in cases {
            assert_eq!(unit.decimal(base), text, "{unit}");
        }
    }

    #[test]
    fn quantities_are_written_in_their_unit() {
        let cases = [
            (Unit::GbMonth, 3 * GB / 2, "1.5"),
            (Unit::Gb, 1_234 * GB, "1,234"),
            (Unit::Gb, GB / 3, "0.333"),
            (Unit::Tb, TB, "1"),
            (Unit::Hour, HOURS_A_MONTH * HOUR, "730"),
            (Unit::Million, 12_345_678, "12,345,678"),
            (Unit::Month, 2, "2"),
        ];
        for (unit, base, text) in cases {
            assert_eq!(unit.quantity(base), text, "{unit}");
        }
    }
}
