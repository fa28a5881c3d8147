//! A fleet of workers in simulated time: the real rules of claims, results, looks and turns over a store that behaves like
//! DynamoDB, and a queue that loses wakes. The same seed gives the same run.

mod dice;
mod fleet;
pub mod picture;
mod report;
mod scenario;
mod store;
mod tally;

pub use fleet::Fleet;
pub use report::{Report, Target};
pub use scenario::{Faults, Load, SECOND, Scenario, Switches, Time, Times};
