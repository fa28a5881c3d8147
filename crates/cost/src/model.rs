//! The model: a month's bill of an installation, one file for each part of it.

mod delivery;
mod exports;
mod ingest;
mod keeping;
mod platform;
mod work;

use crate::assumptions::Assumptions;
use crate::bill::Bill;
use crate::prices::PriceList;
use crate::volumes::Volumes;

/// The bill of a scenario.
pub fn bill<'a>(assumptions: &Assumptions, prices: &'a PriceList) -> Bill<'a> {
    let volumes = Volumes::new(assumptions);
    let mut bill = Bill::new(prices);
    for part in [keeping::add, ingest::add, exports::add, delivery::add, platform::add] {
        part(&mut bill, assumptions, &volumes);
    }
    bill
}

#[cfg(test)]
pub(crate) mod tests;
