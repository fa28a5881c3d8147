//! The stores in one SQLite file, which the processes of one machine share: the embedded default.

mod accounts;
mod adapter;
mod audit;
mod database;
mod directory;
mod error;
mod failpoint;
mod jobs;
mod memberships;
mod rows;
mod schema;
#[cfg(test)]
mod testing;
mod writer;

pub use adapter::SqliteStores;
pub use failpoint::FAILPOINTS;
