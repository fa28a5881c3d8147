//! What an export is: pure types and decisions, without I/O and without async.

pub mod audit;
pub mod calendar;
pub mod clock;
pub mod content_key;
pub mod dataset;
pub mod export;
pub mod filter;
pub mod finding;
pub mod ids;
pub mod limits;
pub mod membership;
mod names;
pub mod owner;
pub mod people;
pub mod random;
pub mod refresh;
pub mod request;
pub mod secret;
pub mod time;
pub mod turns;
pub mod windows;
