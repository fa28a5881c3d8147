//! Proves that everything the table names is there and whole, and finds what nothing names.

mod files;
mod inventory;
mod orphans;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::disk;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::open::LakeParts;
use crate::storage::Listed;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Snapshots that were looked at: all that have not expired.
    pub snapshots: usize,
    /// Data files that were read from end to end.
    pub files: usize,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong. Empty if the lake is whole.
    pub problems: Vec<Problem>,
    /// Files of the storage that neither the table nor any ingest at work names, and that are old enough where ingests of
    /// other machines cannot be seen: harmless, but not free.
    pub orphans: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, or the snapshot, as a path or `snapshot N`.
    pub place: String,
    /// What is wrong with it; never any content of messages.
    pub what: String,
}

impl Lake {
    /// Reads everything that any live snapshot names and compares it: existence, length, block sums, row counts of
    /// the Parquet footers, totals of manifests and summaries. Takes as long as reading the whole lake.
    pub async fn check(&self) -> Result<CheckReport, LakeError> {
        // In this order: what an ingest moves meanwhile is announced when it is seen, and in the table when it is no more.
        let LakeParts { storage, staging, .. } = self.parts.clone();
        let found = disk::blocking(move || storage.list(storage.table())).await?;
        let announced = disk::blocking(move || orphans::announced(&staging)).await?;
        let version = self.version().await?;
        let mut report = CheckReport { snapshots: version.metadata.snapshots().len(), ..CheckReport::default() };
        let inventory = inventory::take(&self.io, &version, &mut report.problems).await?;
        let catalog_writes = self.parts.catalog.writes_metadata();
        let orphans = orphans::unnamed(self.old(found), &announced, &inventory, catalog_writes);
        files::check(&self.blocks(), inventory, &mut report).await?;
        let storage = Arc::clone(&self.parts.storage);
        report.orphans = disk::blocking(move || orphans::still_there(storage.as_ref(), orphans)).await?;
        report.problems.sort();
        Ok(report)
    }

    /// Leaves out what an ingest on another machine may have put and not yet committed.
    fn old(&self, mut found: Vec<Listed>) -> Vec<Listed> {
        let age = self.parts.orphan_age;
        if !age.is_zero() {
            let before = self.clock.now().minus_seconds(age.as_secs());
            found.retain(|file| file.written_at < before);
        }
        found
    }
}
