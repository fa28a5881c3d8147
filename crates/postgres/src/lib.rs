//! What all adapters on PostgreSQL share: how it is reached, transactions under deadlines, migrations, and the doctor's questions.

mod check;
mod database;
mod deadlines;
mod error;
mod failpoint;
mod grants;
mod migrate;
mod options;
mod pool;
mod rows;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod transaction;
mod url;
mod version;

pub use check::check;
pub use database::{Database, Future};
pub use deadlines::Deadlines;
pub use error::{Cause, PostgresError};
pub use failpoint::FAILPOINTS;
pub use migrate::{Migrated, migrate};
pub use options::{OptionsError, PostgresOptions, Tls};
pub use pool::PoolUse;
pub use rows::{corrupt, get, parse};
pub use schema::{Guard, Migration, Schema, Table};
pub use settings::Settings;
pub use sqlx;
pub use transaction::Transaction;
pub use version::usable;
