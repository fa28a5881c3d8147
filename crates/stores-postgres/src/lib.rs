//! The stores that may live in PostgreSQL: the directory and the memberships, each organisation's and user's rows guarded by
//! the server, too.

mod adapter;
mod directory;
mod error;
mod memberships;
mod schema;
mod scope;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use adapter::{PostgresStores, migrate};
