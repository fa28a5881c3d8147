//! Other ways to do what costs most, priced on the same amounts.

mod delivery;
mod exports;
mod ingest;

use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::money::Money;
use crate::prices::PriceList;
use crate::volumes::Volumes;

/// One way to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it is called.
    pub name: &'static str,
    /// What is counted.
    pub counted: &'static str,
    /// What it costs a month.
    pub amount: Money,
}

/// Ways to do one thing; the first is the one that is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Short name, for machines.
    pub id: &'static str,
    /// What is compared.
    pub title: &'static str,
    /// At least two.
    pub ways: Vec<Way>,
}

/// What a comparison looks at.
#[derive(Clone, Copy, Debug)]
struct Case<'a> {
    a: &'a Assumptions,
    v: &'a Volumes,
    /// The installation's own bill.
    bill: &'a Bill<'a>,
}

impl Case<'_> {
    /// What items cost, bought alone.
    fn buy(&self, items: &[(Item, u128)]) -> Money {
        let mut bill = Bill::new(self.prices());
        for (item, quantity) in items {
            bill.add(Purpose::Exports, *item, "compared", *quantity);
        }
        bill.total()
    }

    fn prices(&self) -> &PriceList {
        self.bill.prices()
    }
}

/// All comparisons of a scenario.
pub fn comparisons(a: &Assumptions, bill: &Bill) -> Vec<Comparison> {
    let volumes = Volumes::new(a);
    let case = Case { a, v: &volumes, bill };
    vec![ingest::compare(&case), exports::compare(&case), delivery::compare(&case)]
}

#[cfg(test)]
mod tests;
