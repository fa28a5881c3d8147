//! The price list: what each item costs, where that was read and when.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;

use crate::items::Item;
use crate::money::{Fine, Money, NANOS_A_CENT};
use crate::units::Unit;

/// `deploy/cost/prices.toml`.
const TEXT: &str = include_str!("../../../deploy/cost/prices.toml");

/// A price list that cannot be used.
#[derive(Debug, Error)]
pub enum PriceError {
    /// The text is no such list.
    #[error("the price list cannot be read: {0}")]
    Text(#[from] toml::de::Error),
    /// A price is not as it must be.
    #[error("price `{id}`: {field} {what}")]
    Price {
        /// Which.
        id: String,
        /// What of it.
        field: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The list bears no day.
    #[error("as_of `{0}` must be a day, YYYY-MM-DD")]
    AsOf(String),
    /// An item has none.
    #[error("the price list has no price `{0}`")]
    Missing(&'static str),
}

/// Whether a price was read somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Read in its source, which states it for its date.
    Verified,
    /// From memory, from a source without a date, or worked out from another price.
    Unverified,
}

/// How far a price can be relied on, on the list's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Verified within a year.
    Fresh,
    /// Verified more than a year before.
    Old,
    /// Not verified.
    Unverified,
}

impl Trust {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "verified",
            Self::Old => "verified, over a year old",
            Self::Unverified => "unverified",
        }
    }
}

/// What so much costs, up to a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Where it ends (units, in a month over the whole account); the last has no end.
    pub to: Option<u128>,
    /// For one unit.
    pub price: Fine,
}

/// The price of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Of what.
    pub item: Item,
    /// What it is, as AWS says it.
    pub what: String,
    /// At least one; the first begins at nothing.
    pub tiers: Vec<Tier>,
    /// Where it holds: a region's code, or `global`.
    pub region: String,
    /// Key into the list's sources.
    pub source: String,
    /// For which day the source states it.
    pub date: Option<Date>,
    /// Whether it was read there.
    pub status: Status,
    /// Where AWS's calculator asks for the quantity.
    pub calculator: String,
}

impl Price {
    /// What the next `quantity` cost after `used` in the same month (both in what the unit counts), rounded half up to the cent. However a
    /// quantity is cut into pieces, together they cost the same.
    pub fn of(&self, used: u128, quantity: u128) -> Money {
        Money(self.cents(used + quantity) - self.cents(used))
    }

    fn cents(&self, quantity: u128) -> u128 {
        let base = self.item.unit().base();
        let mut from = 0;
        let mut nanos = 0;
        for tier in &self.tiers {
            let to = tier.to.map_or(quantity, |to| quantity.min(to * base));
            nanos += to.saturating_sub(from) * tier.price.0;
            from = from.max(to);
        }
        let cent = base * NANOS_A_CENT;
        (nanos + cent / 2) / cent
    }
}

/// All prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// The day on which it was put together.
    pub as_of: Date,
    /// The region of what is not global.
    pub region: String,
    /// What the keys of sources mean.
    pub sources: BTreeMap<String, String>,
    /// In the order of [`Item::ALL`].
    prices: Vec<Price>,
}

impl PriceList {
    /// The list that the program carries.
    pub fn embedded() -> Self {
        Self::parse(TEXT).expect("a test reads the embedded list")
    }

    /// Reads a list and checks that each item has one price, in its unit.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let read: Read = toml::from_str(text)?;
        let as_of = read.as_of.parse().map_err(|_| PriceError::AsOf(read.as_of))?;
        let mut found = BTreeMap::new();
        for row in read.price {
            let id = row.id.clone();
            let price = row.checked(&read.region, &read.sources)?;
            if found.insert(price.item, price).is_some() {
                return Err(wrong(&id, "id", "stands twice"));
            }
        }
        let prices = Item::ALL.iter().map(|item| found.remove(item).ok_or(PriceError::Missing(item.id())));
        let prices = prices.collect::<Result<_, _>>()?;
        Ok(Self { as_of, region: read.region, sources: read.sources, prices })
    }

    /// The price of an item.
    pub fn of(&self, item: Item) -> &Price {
        // Both are in the order of the enum.
        &self.prices[item as usize]
    }

    /// All prices, in the order of tables.
    pub fn all(&self) -> &[Price] {
        &self.prices
    }

    /// How far a price can be relied on.
    pub fn trust(&self, price: &Price) -> Trust {
        match (price.status, price.date) {
            (Status::Verified, Some(date)) if year_after(date) >= self.as_of => Trust::Fresh,
            (Status::Verified, _) => Trust::Old,
            (Status::Unverified, _) => Trust::Unverified,
        }
    }
}

fn year_after(date: Date) -> Date {
    date.saturating_add(jiff::Span::new().years(1))
}

/// A list as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    as_of: String,
    region: String,
    sources: BTreeMap<String, String>,
    price: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    what: String,
    unit: Unit,
    dollars: Option<String>,
    tiers: Option<Vec<TierRow>>,
    region: String,
    source: String,
    date: Option<String>,
    status: Status,
    calculator: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierRow {
    to: Option<u64>,
    dollars: String,
}

impl Row {
    fn checked(self, region: &str, sources: &BTreeMap<String, String>) -> Result<Price, PriceError> {
        let id = self.id.as_str();
        let item = Item::by_id(id).ok_or_else(|| wrong(id, "id", "is of nothing that the model knows"))?;
        if self.unit != item.unit() {
            return Err(wrong(id, "unit", format!("is `{}`, the model counts `{}`", self.unit, item.unit())));
        }
        if self.region != region && self.region != "global" {
            return Err(wrong(id, "region", format!("is `{}`, the list is for `{region}`", self.region)));
        }
        if !sources.contains_key(&self.source) {
            return Err(wrong(id, "source", format!("`{}` is not among the sources", self.source)));
        }
        let day =
            |date: &String| date.parse().map_err(|_| wrong(id, "date", format!("`{date}` must be a day, YYYY-MM-DD")));
        let date: Option<Date> = self.date.as_ref().map(day).transpose()?;
        if self.status == Status::Verified && date.is_none() {
            return Err(wrong(id, "date", "is missing; without one a price is not verified"));
        }
        let tiers = match (&self.dollars, &self.tiers) {
            (Some(dollars), None) => vec![Tier { to: None, price: dollars_of(id, dollars)? }],
            (None, Some(tiers)) => checked_tiers(id, tiers)?,
            _ => return Err(wrong(id, "dollars", "or tiers must be given, and only one of them")),
        };
        let Self { what, region, source, status, calculator, .. } = self;
        Ok(Price { item, what, tiers, region, source, date, status, calculator })
    }
}

fn checked_tiers(id: &str, rows: &[TierRow]) -> Result<Vec<Tier>, PriceError> {
    let borders: Vec<_> = rows.iter().map(|row| row.to).collect();
    let (last, before) = borders.split_last().ok_or_else(|| wrong(id, "tiers", "must not be empty"))?;
    let is_open = last.is_none() && before.iter().all(Option::is_some);
    if !is_open || !before.is_sorted_by(|one, next| one < next) || before.first() == Some(&Some(0)) {
        return Err(wrong(id, "tiers", "must rise, and only the last has no `to`"));
    }
    let tier = |row: &TierRow| Ok(Tier { to: row.to.map(u128::from), price: dollars_of(id, &row.dollars)? });
    rows.iter().map(tier).collect()
}

fn dollars_of(id: &str, text: &str) -> Result<Fine, PriceError> {
    let what = || format!("`{text}` must be decimal, with at most nine places");
    Fine::parse(text).ok_or_else(|| wrong(id, "dollars", what()))
}

fn wrong(id: &str, field: &'static str, what: impl Into<String>) -> PriceError {
    PriceError::Price { id: id.to_owned(), field, what: what.into() }
}

#[cfg(test)]
mod tests;
