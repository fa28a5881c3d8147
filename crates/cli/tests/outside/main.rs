//! The program from outside, as its users and other people's readers see it.

#[cfg(feature = "failpoints")]
mod abandoned;
mod contract;
#[cfg(feature = "failpoints")]
mod edges;
mod iceberg;
#[cfg(feature = "failpoints")]
mod kills;
mod memory;
mod reuse;
mod round_trip;
mod same_bytes;
#[cfg(feature = "failpoints")]
mod stuck;
mod support;
mod torture;
mod two_ingests;
