//! The program from outside, as its users and other people's readers see it.

mod contract;
mod iceberg;
#[cfg(feature = "failpoints")]
mod kills;
mod memory;
mod reuse;
mod round_trip;
mod same_bytes;
mod support;
mod torture;
mod two_ingests;
