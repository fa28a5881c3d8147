//! PostgreSQL: a cluster of the test's own to break, or an empty database on one that many tests share.

mod cluster;
mod database;
mod sql;

pub use self::cluster::Postgres;
pub use self::database::{Database, Role};
