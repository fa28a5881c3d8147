//! The Iceberg table of messages: commit, ingest, plan, ordered reading.

pub mod catalog;
pub mod check;
mod disk;
pub mod error;
mod failpoint;
pub mod file;
mod folder;
pub mod ingest;
pub mod lake;
mod open;
mod parallel;
pub mod parquet;
mod places;
pub mod read;
mod rows;
pub mod schema;
pub mod staging;
pub mod stats;
pub mod storage;
pub mod table;
#[cfg(test)]
mod testing;
mod threads;

pub use error::LakeError;
pub use failpoint::FAILPOINTS;
pub use lake::{Lake, LakeOptions};
pub use open::LakeParts;
