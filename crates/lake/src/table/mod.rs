//! The Iceberg table: its shape, its commits and its plans.

pub(crate) mod attempt;
pub(crate) mod cache;
pub mod commit;
pub(crate) mod entry;
pub(crate) mod lineage;
pub(crate) mod load;
mod manifests;
pub(crate) mod pins;
pub mod plan;
pub(crate) mod schema;
pub(crate) mod summary;
#[cfg(test)]
mod tests;

pub use lineage::Lineage;
pub use manifests::MergeLimits;
