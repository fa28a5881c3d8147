//! Proves that everything the table names is there and whole, and finds what nothing names.

mod files;
mod inventory;
mod orphans;
#[cfg(test)]
mod tests;

use crate::disk;
use crate::error::LakeError;
use crate::lake::Lake;

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
    /// Files below the table's folder that neither the table nor any ingest at work names: harmless, but not free.
    pub orphans: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, or the snapshot, as an absolute path or `snapshot N`.
    pub place: String,
    /// What is wrong with it; never any content of messages.
    pub what: String,
}

impl Lake {
    /// Reads everything that any live snapshot names and compares it: existence, length, block sums, row counts of
    /// the Parquet footers, totals of manifests and summaries. Takes as long as reading the whole lake.
    pub async fn check(&self) -> Result<CheckReport, LakeError> {
        // In this order: what an ingest moves meanwhile is announced when it is seen, and in the table when it is no more.
        let (table, staging) = (self.folder.table(), self.folder.staging());
        let found = disk::blocking(move || orphans::on_disk(table.as_ref())).await?;
        let announced = disk::blocking(move || orphans::announced(&staging)).await?;
        let version = self.version().await?;
        let mut report = CheckReport { snapshots: version.metadata.snapshots().len(), ..CheckReport::default() };
        let inventory = inventory::take(&version, &mut report.problems).await?;
        let orphans = orphans::unnamed(found, &announced, &inventory);
        files::check(inventory, &mut report).await?;
        report.orphans = disk::blocking(move || Ok(orphans::still_there(orphans))).await?;
        report.problems.sort();
        Ok(report)
    }
}
