//! The port of the catalog: one pointer to the table's metadata, and the records that change together with it.
//!
//! Some catalogs only keep the pointer, and we write the metadata files it leads to; others write them themselves, from the
//! change they are told ([0025](../../../docs/adr/0025-the-catalog-over-rest.md)). A [`Commit`] holds what either needs.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod sqlite;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::{ExportId, IngestId, Slug};
use domain::owner::Owner;
use domain::time::Micros;
use iceberg::spec::TableMetadataRef;
use iceberg::{TableRequirement, TableUpdate};

use crate::error::LakeError;
use crate::staging::Staging;
pub use crate::table::lineage::{COMMIT, commit_of};
pub use sqlite::SqliteCatalog;

/// The name of the catalog, as other engines must give it.
pub const CATALOG_NAME: &str = "outhaul";
/// The namespace of the table.
pub const NAMESPACE: &str = "outhaul";
/// The name of the table.
pub const TABLE: &str = "messages";

/// The catalog of one table. Each method is one transaction, durable when it returns; but a power cut may take pins back
/// that were written or taken away just before.
#[async_trait]
pub trait Catalog: Debug + Send + Sync {
    /// The table's current metadata, or `None` before the table was made.
    async fn pointer(&self) -> Result<Option<Pointer>, LakeError>;

    /// Whether it writes the table's metadata files itself, wherever it likes, and removes old ones. Otherwise the file at
    /// `commit.to` is there before it is told of the commit.
    fn writes_metadata(&self) -> bool {
        false
    }

    /// Makes the table with the commit as its first. `false` if it is already there.
    async fn create(&self, commit: Commit) -> Result<bool, LakeError>;

    /// Makes the commit the table's newest if the pointer still leads to `from`, and records the commit and its batch, all or
    /// nothing.
    async fn swap(&self, from: &str, commit: Commit) -> Result<Swapped, LakeError>;

    /// The winning attempt of a commit that was recorded under this id. `None` is final where nobody holds its staging
    /// folder any more: a swap whose answer was lost is either seen here or never done, since its files go on this word.
    async fn committed(&self, id: IngestId) -> Result<Option<i64>, LakeError>;

    /// What came of a batch that was committed before.
    async fn batch(&self, key: &BatchKey) -> Result<Option<Batch>, LakeError>;

    /// Forgets the batches of commits behind this sequence number: the table was put back to it. Nothing is left to do where
    /// they were put back with the pointer.
    async fn forget_behind(&self, _sequence_number: i64) -> Result<(), LakeError> {
        Ok(())
    }

    /// Writes a pin, unless the export has one. Returns the pin that holds now.
    async fn pin(&self, pin: Pin) -> Result<Pin, LakeError>;

    /// Takes an export's pin away, if it has one.
    async fn unpin(&self, export: ExportId) -> Result<(), LakeError>;

    /// Every pin, oldest first.
    async fn pins(&self) -> Result<Vec<Pin>, LakeError>;
}

/// Where the table's current metadata is.
#[derive(Clone, Debug)]
pub struct Pointer {
    /// Its location, another one after each change.
    pub location: String,
    /// The metadata, from a catalog that hands it out; otherwise it is read at the location.
    pub metadata: Option<TableMetadataRef>,
}

impl Pointer {
    /// To a file that has to be read.
    pub fn to(location: String) -> Self {
        Self { location, metadata: None }
    }
}

/// What a commit changes, as the protocol of Iceberg's REST catalogs says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableChange {
    /// What must hold, or the commit has lost.
    pub requirements: Vec<TableRequirement>,
    /// What becomes of the metadata, in this order.
    pub updates: Vec<TableUpdate>,
}

/// One attempt to commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Keeps the attempt's files from being swept until the catalog has decided, even if its caller is gone by then.
    pub staging: Arc<Staging>,
    /// The id of the snapshot that this attempt would make current.
    pub attempt: i64,
    /// The location of its metadata, for a catalog that does not write it.
    pub to: String,
    /// The change that leads there, for one that does.
    pub change: TableChange,
    /// When, by the lake's clock.
    pub at: Micros,
    /// The batch that it brings in.
    pub batch: Option<NewBatch>,
}

/// What came of a swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// This attempt was committed: the one just made, or an earlier one whose answer was lost.
    Won(i64),
    /// Somebody else moved the pointer first.
    Lost,
    /// The batch had been committed before; nothing changed.
    Known(Batch),
}

/// What makes a batch the same batch: its key within an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchKey {
    /// Whose batch.
    pub organisation: Slug,
    /// The key: chosen by the sender, or a hash of the bytes.
    pub key: String,
}

/// A batch to be recorded with a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    /// Its key.
    pub key: BatchKey,
    /// Rows taken.
    pub accepted: u64,
    /// Lines refused.
    pub refused: u64,
}

/// A batch that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The ingest that committed it.
    pub ingest: IngestId,
    /// The snapshot that brought it in.
    pub snapshot_id: i64,
    /// Rows taken.
    pub accepted: u64,
    /// Lines refused.
    pub refused: u64,
    /// When it was committed.
    pub committed_at: Micros,
}

/// An export's claim on a snapshot, which keeps the snapshot from expiring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Whose export.
    pub owner: Owner,
    /// The export.
    pub export: ExportId,
    /// The snapshot.
    pub snapshot_id: i64,
    /// Since when.
    pub pinned_at: Micros,
}
