//! A membership: what a user subscribes to, and its names in files and answers.

use std::str::FromStr;

use thiserror::Error;

use crate::ids::{MembershipId, UserId};
use crate::names::names;
use crate::time::Day;

/// One membership of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Its id outside; the integer key inside never leaves the store.
    pub id: MembershipId,
    /// What it is called (1 to [`NAME_LIMIT_BYTES`] bytes).
    pub name: String,
    /// Whose it is.
    pub user: UserId,
    /// What is paid each interval (hundredths of the currency, not negative).
    pub recurring_price_hundredths: i64,
    /// In what (ISO 4217: three capital letters).
    pub currency: Currency,
    /// Its first day.
    pub valid_from: Day,
    /// Its last day; without one it has no end.
    pub valid_until: Option<Day>,
    /// Where it stands.
    pub state: MembershipState,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// How often it is paid.
    pub billing_interval: BillingInterval,
    /// How many intervals have been billed.
    pub billing_periods: u32,
}

/// Longest name (bytes of UTF-8).
pub const NAME_LIMIT_BYTES: usize = 256;

/// Three capital letters (ISO 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("capital letters only")
    }
}

impl FromStr for Currency {
    type Err = MembershipError;

    fn from_str(text: &str) -> Result<Self, MembershipError> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| MembershipError::Currency)?;
        if letters.iter().all(u8::is_ascii_uppercase) { Ok(Self(letters)) } else { Err(MembershipError::Currency) }
    }
}

/// A price as it stands in files: decimal with two places, like `12.50`.
pub fn price(hundredths: i64) -> String {
    let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// Reads a price: at most 13 digits, a dot, two digits; what [`price`] writes of one that is not negative.
pub fn parse_price(text: &str) -> Result<i64, MembershipError> {
    let (whole, places) = text.split_once('.').ok_or(MembershipError::Price)?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || whole.len() > 13 || places.len() != 2 {
        return Err(MembershipError::Price);
    }
    let number = |text: &str| text.parse::<i64>().map_err(|_| MembershipError::Price);
    Ok(number(whole)? * 100 + number(places)?)
}

names! {
    /// Where a membership stands.
    MembershipState {
        /// Not begun.
        Pending = "pending",
        /// Running.
        Active = "active",
        /// Over.
        Expired = "expired",
        /// Ended before its time.
        Cancelled = "cancelled",
    }
    else |_text| -> MembershipError { MembershipError::State }
}

names! {
    /// How a membership is paid.
    PaymentMethod {
        /// In cash.
        Cash = "cash",
        /// By card.
        Card = "card",
        /// By direct debit.
        Sepa = "sepa",
        /// By invoice.
        Invoice = "invoice",
    }
    else |_text| -> MembershipError { MembershipError::PaymentMethod }
}

names! {
    /// How often a membership is paid.
    BillingInterval {
        /// Each week.
        Weekly = "weekly",
        /// Each month.
        Monthly = "monthly",
        /// Each year.
        Yearly = "yearly",
    }
    else |_text| -> MembershipError { MembershipError::BillingInterval }
}

/// Why a value of a membership was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MembershipError {
    /// Not a currency.
    #[error("is not a currency: use three capital letters")]
    Currency,
    /// Not a price.
    #[error("is not a price: use at most 13 digits, a dot and two more")]
    Price,
    /// Not a state.
    #[error("is not a state: use pending, active, expired or cancelled")]
    State,
    /// Not a payment method.
    #[error("is not a payment method: use cash, card, sepa or invoice")]
    PaymentMethod,
    /// Not a billing interval.
    #[error("is not a billing interval: use weekly, monthly or yearly")]
    BillingInterval,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_two_places() {
        for (text, hundredths) in [("12.50", 1250), ("0.00", 0), ("7.50", 750), ("0.09", 9)] {
            assert_eq!(parse_price(text), Ok(hundredths));
        }
        assert_eq!(price(1250), "12.50");
        assert_eq!(price(9), "0.09");
        for bad in ["", "12", "7.5", ".50", "1.", "1.234", "-1", "+1", "1e3", "1,5", "12345678901234", "١"] {
            assert_eq!(parse_price(bad), Err(MembershipError::Price), "{bad}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for name in MembershipState::NAMES {
            assert_eq!(name.parse().map(MembershipState::name), Ok(*name));
        }
        assert_eq!("EUR".parse::<Currency>().map(|currency| currency.as_str().to_owned()), Ok("EUR".to_owned()));
        assert!(["eur", "EURO", "", "É1"].iter().all(|bad| bad.parse::<Currency>().is_err()));
    }
}
