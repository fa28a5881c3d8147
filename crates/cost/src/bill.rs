//! A bill: lines of items, each for a purpose, and their sums.

use std::collections::BTreeMap;

use crate::items::Item;
use crate::money::Money;
use crate::prices::{PriceList, Trust};
use crate::services::Service;

/// What something is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Bringing messages in.
    Ingest,
    /// Writing their files anew, larger and in order.
    Compaction,
    /// Keeping them.
    Keeping,
    /// Exporting them, up to the files in somebody's hands.
    Exports,
    /// What runs whether anybody exports or not.
    Platform,
}

impl Purpose {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Compaction, Self::Keeping, Self::Exports, Self::Platform];

    /// In a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "bringing messages in",
            Self::Compaction => "compaction",
            Self::Keeping => "keeping messages",
            Self::Exports => "exports",
            Self::Platform => "platform",
        }
    }
}

/// So much of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of what.
    pub item: Item,
    /// What for.
    pub purpose: Purpose,
    /// What exactly.
    pub what: &'static str,
    /// How much, in what the item's unit counts (bytes, seconds, requests).
    pub quantity: u128,
    /// What it costs.
    pub amount: Money,
}

/// Lines of one month.
#[derive(Clone, Debug)]
pub struct Bill<'a> {
    prices: &'a PriceList,
    lines: Vec<Line>,
    /// What was bought of each item, since tiers count over the whole bill.
    used: BTreeMap<Item, u128>,
}

impl<'a> Bill<'a> {
    /// An empty one.
    pub const fn new(prices: &'a PriceList) -> Self {
        Self { prices, lines: Vec::new(), used: BTreeMap::new() }
    }

    /// Buys so much of an item; nothing is no line.
    pub fn add(&mut self, purpose: Purpose, item: Item, what: &'static str, quantity: u128) {
        if quantity == 0 {
            return;
        }
        let used = self.used.entry(item).or_default();
        let amount = self.prices.of(item).of(*used, quantity);
        *used += quantity;
        self.lines.push(Line { item, purpose, what, quantity, amount });
    }

    /// By what it was reckoned.
    pub const fn prices(&self) -> &'a PriceList {
        self.prices
    }

    /// All lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// All of it.
    pub fn total(&self) -> Money {
        self.sum(|_| true)
    }

    /// What the lines cost that are asked for.
    pub fn sum(&self, is_asked: impl Fn(&Line) -> bool) -> Money {
        self.lines.iter().filter(|line| is_asked(line)).map(|line| line.amount).sum()
    }

    /// What a service costs.
    pub fn of_service(&self, service: Service) -> Money {
        self.sum(|line| line.item.service() == service)
    }

    /// What a purpose costs.
    pub fn of_purpose(&self, purpose: Purpose) -> Money {
        self.sum(|line| line.purpose == purpose)
    }

    /// What rests on prices of such trust.
    pub fn of_trust(&self, trust: Trust) -> Money {
        self.sum(|line| self.prices.trust(self.prices.of(line.item)) == trust)
    }

    /// How much was bought of each item, in the order of tables.
    pub fn quantities(&self) -> impl Iterator<Item = (Item, u128)> {
        self.used.iter().map(|(item, quantity)| (*item, *quantity))
    }

    /// What all of an item costs.
    pub fn of_item(&self, item: Item) -> Money {
        self.sum(|line| line.item == item)
    }
}
