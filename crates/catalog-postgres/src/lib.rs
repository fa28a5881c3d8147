//! The lake's catalog in PostgreSQL, laid out so that Iceberg's SQL catalogs of other languages open it too.

mod catalog;
mod error;
mod pins;
mod schema;
mod sql;
mod swap;
#[cfg(test)]
mod tests;

pub use catalog::{PostgresCatalog, migrate};
