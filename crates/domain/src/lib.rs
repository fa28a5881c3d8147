//! What an export is: pure types and decisions, without I/O and without async.

pub mod calendar;
pub mod clock;
pub mod content_key;
pub mod dataset;
pub mod export;
pub mod filter;
pub mod ids;
pub mod limits;
pub mod owner;
pub mod random;
pub mod request;
pub mod time;
pub mod windows;
