//! The port of the catalog: one pointer to the table's metadata, and the records that change together with it.

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

use crate::error::LakeError;
use crate::staging::Staging;
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
    /// The location of the table's current metadata, or `None` before the table was made.
    async fn pointer(&self) -> Result<Option<String>, LakeError>;

    /// Makes the table by letting it point to `commit.to`. `false` if it is already there.
    async fn create(&self, commit: Commit) -> Result<bool, LakeError>;

    /// Moves the pointer from `from` to `commit.to`, and records the commit and its batch, all or nothing.
    async fn swap(&self, from: &str, commit: Commit) -> Result<Swapped, LakeError>;

    /// The winning attempt of a commit that was recorded under this id. `None` is final where nobody holds its staging
    /// folder any more: a swap whose answer was lost is either seen here or never done, since its files go on this word.
    async fn committed(&self, id: IngestId) -> Result<Option<i64>, LakeError>;

    /// What came of a batch that was committed before.
    async fn batch(&self, key: &BatchKey) -> Result<Option<Batch>, LakeError>;

    /// Writes a pin, unless the export has one. Returns the pin that holds now.
    async fn pin(&self, pin: Pin) -> Result<Pin, LakeError>;

    /// Takes an export's pin away, if it has one.
    async fn unpin(&self, export: ExportId) -> Result<(), LakeError>;

    /// Every pin, oldest first.
    async fn pins(&self) -> Result<Vec<Pin>, LakeError>;
}

/// One attempt to commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Keeps the attempt's files from being swept until the catalog has decided, even if its caller is gone by then.
    pub staging: Arc<Staging>,
    /// The id of the snapshot that this attempt would make current.
    pub attempt: i64,
    /// The location of its metadata.
    pub to: String,
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
