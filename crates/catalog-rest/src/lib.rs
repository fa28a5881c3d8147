//! The lake's catalog behind Iceberg's REST protocol: the server writes the table's metadata, from requirements and updates.
//!
//! What other catalogs keep in tables beside the pointer stands in the snapshot that a commit makes, and in small objects beside
//! the lake's files ([0025](../../../docs/adr/0025-the-catalog-over-rest.md)).

mod access;
mod body;
mod catalog;
mod check;
mod client;
mod commits;
mod error;
mod fence;
mod http;
mod objects;
mod options;
mod pins;
mod records;
mod table;
#[cfg(test)]
mod tests;

pub use catalog::RestCatalog;
pub use options::{Access, OptionError, RestOptions, TablePlace};
