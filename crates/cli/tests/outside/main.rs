//! The program from outside, as its users and other people's readers see it.

#[cfg(feature = "failpoints")]
mod abandoned;
mod canaries;
mod clocks;
mod contract;
mod cost;
mod deployed;
#[cfg(feature = "failpoints")]
mod edges;
mod first_export;
mod fleet;
mod iceberg;
mod inbox;
#[cfg(feature = "failpoints")]
mod kills;
mod login_times;
mod mail;
mod memory;
mod mode;
mod modes;
mod outages;
mod page;
mod people;
mod restore;
mod reuse;
mod round_trip;
mod same_bytes;
mod schemathesis;
mod server;
mod service;
#[cfg(feature = "failpoints")]
mod service_kills;
#[cfg(feature = "failpoints")]
mod stuck;
mod support;
mod table_items;
#[cfg(feature = "failpoints")]
mod table_kills;
mod tables;
mod telemetry;
mod torture;
mod two_ingests;
