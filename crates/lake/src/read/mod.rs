//! Rows of one slice, in the total order.

mod chains;
mod columns;
mod counters;
mod day;
mod decoder;
mod distinct;
mod file_rows;
mod footer;
mod ordered;
#[cfg(test)]
mod reference;
mod request;
mod spans;
#[cfg(test)]
mod tests;

pub use columns::Columns;
pub use counters::DayCounters;
pub use ordered::OrderedRows;
pub use request::{ReadLimits, ReadRequest};
