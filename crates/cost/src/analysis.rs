//! A scenario, reckoned: what all reports are made from.

use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::compare::{Comparison, comparisons};
use crate::model;
use crate::money::{Fine, Money, NANOS_A_CENT};
use crate::prices::PriceList;
use crate::sensitivity::{Swing, swings};
use crate::volumes::Volumes;

/// Bytes of a gigabyte as estimates and `rates.price_a_gigabyte` count it.
const GIGABYTE: u128 = 1_000_000_000;

/// Everything that is said of a scenario.
#[derive(Clone, Debug)]
pub struct Analysis<'a> {
    /// What the scenario is called.
    pub title: String,
    /// What it assumes.
    pub assumptions: Assumptions,
    /// Amounts of a month.
    pub volumes: Volumes,
    /// A month.
    pub bill: Bill<'a>,
    /// Other ways.
    pub comparisons: Vec<Comparison>,
    /// What moves the total, the widest first.
    pub swings: Vec<Swing>,
}

impl<'a> Analysis<'a> {
    /// Of a scenario.
    pub fn new(title: impl Into<String>, assumptions: Assumptions, prices: &'a PriceList) -> Self {
        let bill = model::bill(&assumptions, prices);
        Self {
            title: title.into(),
            volumes: Volumes::new(&assumptions),
            comparisons: comparisons(&assumptions, &bill),
            swings: swings(&assumptions, prices),
            bill,
            assumptions,
        }
    }

    /// An organisation's share of an amount.
    pub fn of_organisation(&self, amount: Money) -> Fine {
        amount.each(self.assumptions.organisations.into())
    }

    /// The share that an export of so many months has in an amount that all exports cost, by its bytes.
    pub fn of_export(&self, amount: Money, months: u128) -> Fine {
        self.of_exported(amount, months * self.volumes.csv_of_organisation)
    }

    /// What exports cost for each gigabyte of CSV: what `rates.price_a_gigabyte` must be to bring it in.
    pub fn of_gigabyte(&self) -> Fine {
        self.of_exported(self.bill.of_purpose(Purpose::Exports), GIGABYTE)
    }

    fn of_exported(&self, amount: Money, csv: u128) -> Fine {
        let nanos = amount.0 * NANOS_A_CENT;
        let whole = self.volumes.exported_csv;
        // First the whole times, so that the product stays in range.
        let times = nanos.checked_div(whole).unwrap_or(0) * csv;
        Fine(times + (nanos.checked_rem(whole).unwrap_or(0) * csv).checked_div(whole).unwrap_or(0))
    }
}
