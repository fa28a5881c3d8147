//! Jobs, accounts and the audit trail on DynamoDB, for services of any size.
//!
//! Why items look as they do is in [0023](../../../docs/adr/0023-jobs-and-accounts-on-dynamodb.md).

mod accounts;
mod adapter;
mod audit;
mod check;
mod db;
mod error;
mod failpoint;
mod item;
mod jobs;
mod keys;
mod migrate;
mod options;
pub mod tables;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use adapter::DynamoStores;
pub use db::Capacity;
pub use error::DynamoError;
pub use failpoint::FAILPOINTS;
pub use jobs::WAITING_LIMIT;
pub use migrate::migrate;
pub use options::DynamoOptions;
