//! The one way the table changes: write manifests and metadata, then swap the catalog's pointer, or try again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::random::backoff;
use fail::fail_point;
use iceberg::spec::{ManifestEntryRef, Operation};

use super::attempt::{Attempts, Draft};
use super::entry::{Partition, to_iceberg};
use super::load::{CurrentTable, Version, manifest_list};
use super::manifests::{Line, Listing, MergeLimits};
use crate::catalog::{Batch, NewBatch, Swapped};
use crate::error::LakeError;
use crate::file::{DataFile, WrittenFile};
use crate::staging::Staging;

/// Lost attempts after which manifests are no longer merged, so that a commit under contention gets short.
const MERGING_ATTEMPTS: u32 = 3;

/// Bounds of one commit.
#[derive(Clone, Copy, Debug)]
pub struct CommitLimits {
    /// How often a commit is tried that others win.
    pub attempts: u32,
    /// The first wait after a lost attempt is at most this; each later one at most twice the one before.
    pub wait: Duration,
    /// No wait is longer.
    pub longest_wait: Duration,
    /// When manifests are merged.
    pub merge: MergeLimits,
}

impl Default for CommitLimits {
    fn default() -> Self {
        let (wait, longest_wait) = (Duration::from_millis(10), Duration::from_secs(1));
        Self { attempts: 20, wait, longest_wait, merge: MergeLimits::default() }
    }
}

/// What kind of change a commit makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// New rows; nothing is removed.
    Append,
    /// The same rows in other files. They keep the greatest data sequence number of what they replace in their
    /// organisation-day, so content versions stay.
    Rewrite,
    /// Files without some rows, or no files, in the place of others. New files get the commit's sequence number.
    ///
    /// What stays of an organisation-day may then have the content version of an earlier snapshot that held other
    /// rows; the organisation's erasure epoch, not the lake, tells the two apart.
    Delete,
    /// Nothing comes or goes: the table was put back from a backup, and what was built before is not to be used again.
    Restored,
}

/// A change to the table, all or nothing.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it is.
    pub kind: Kind,
    /// Files that come in; they lie in their final place.
    pub add: Vec<WrittenFile>,
    /// Files that go.
    pub remove: Vec<DataFile>,
    /// The batch it brings in.
    pub batch: Option<NewBatch>,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is in the table since this snapshot.
    Now {
        /// The snapshot.
        snapshot_id: i64,
    },
    /// Its batch was committed before; nothing changed.
    AlreadyKnown(Batch),
}

/// Commits to one table.
pub(crate) struct Committer<'a> {
    pub(crate) table: CurrentTable<'a>,
    pub(crate) attempts: Attempts<'a>,
    pub(crate) limits: &'a CommitLimits,
}

impl Committer<'_> {
    /// Makes the table, unless somebody has or does so at the same time.
    pub(crate) async fn create(&self, staging: &Arc<Staging>, metadata_versions: usize) -> Result<bool, LakeError> {
        let attempt = self.attempts.first(staging.id(), metadata_versions)?;
        let commit = self.attempts.publish(staging, attempt, None).await?;
        self.table.catalog.create(commit).await
    }

    /// Brings a change into the table.
    ///
    /// # Errors
    /// `Contention` after too many lost attempts, `Conflict` if a file to be removed is gone, `RowsChanged` if the
    /// change would make or lose rows that it may not.
    pub(crate) async fn commit(&self, staging: &Arc<Staging>, change: &Change) -> Result<Committed, LakeError> {
        for number in 0..self.limits.attempts {
            if let Some(batch) = &change.batch
                && let Some(known) = self.table.catalog.batch(&batch.key).await?
            {
                return Ok(Committed::AlreadyKnown(known));
            }
            let base = self.table.current_version().await?;
            match self.swap(staging, &base, change, number < MERGING_ATTEMPTS).await? {
                Swapped::Won(snapshot_id) => {
                    fail_point!("commit.swapped");
                    return Ok(Committed::Now { snapshot_id });
                }
                Swapped::Known(batch) => return Ok(Committed::AlreadyKnown(batch)),
                Swapped::Lost => self.wait_after(number).await,
            }
        }
        Err(LakeError::Contention { attempts: self.limits.attempts })
    }

    async fn wait_after(&self, number: u32) {
        let CommitLimits { wait, longest_wait, .. } = *self.limits;
        tokio::time::sleep(backoff(wait, longest_wait, number, self.attempts.random)).await;
    }

    /// One attempt to put the snapshot with the change after `base`.
    pub(crate) async fn swap(
        &self,
        staging: &Arc<Staging>,
        base: &Version,
        change: &Change,
        merge: bool,
    ) -> Result<Swapped, LakeError> {
        let draft = self.draft(base, change, merge).await?;
        let attempt = self.attempts.next(staging.id(), base, draft)?;
        let commit = self.attempts.publish(staging, attempt, change.batch.clone()).await?;
        fail_point!("commit.swap");
        self.table.catalog.swap(&base.location, commit).await
    }

    /// Decides what the snapshot after `base` lists.
    async fn draft(&self, base: &Version, change: &Change, merge: bool) -> Result<Draft, LakeError> {
        let (io, metadata) = (self.table.io, &base.metadata);
        let mut listing = Listing::from_base(manifest_list(io, metadata, base.current()?).await?);
        let removed = listing.remove(io, metadata, &change.remove).await?;
        if merge {
            listing.merge(io, metadata, &self.limits.merge).await?;
        }
        let sequences = sequences(change, &removed)?;
        let line = |written: &WrittenFile| {
            let sequence = sequences.get(&Partition::from(&written.file)).copied();
            Ok(Line::Added(Box::new(to_iceberg(written, metadata)?), sequence))
        };
        let added = change.add.iter().map(line).collect::<Result<Vec<_>, LakeError>>()?;
        if !added.is_empty() {
            listing.drafts.push(added);
        }
        let is_restored = change.kind == Kind::Restored;
        Ok(Draft { operation: operation(change), listing, removed, is_restored })
    }
}

fn operation(change: &Change) -> Operation {
    match (change.kind, change.add.is_empty()) {
        (Kind::Append | Kind::Restored, _) => Operation::Append,
        (Kind::Rewrite, _) => Operation::Replace,
        (Kind::Delete, true) => Operation::Delete,
        (Kind::Delete, false) => Operation::Overwrite,
    }
}

/// The data sequence numbers that new files keep from those they replace; refuses a change of rows that may not be.
fn sequences(change: &Change, removed: &[ManifestEntryRef]) -> Result<BTreeMap<Partition, i64>, LakeError> {
    if matches!(change.kind, Kind::Append | Kind::Restored) {
        return Ok(BTreeMap::new());
    }
    let (mut kept, mut rows) = (BTreeMap::new(), BTreeMap::<Partition, (u64, u64)>::new());
    for entry in removed {
        let partition = Partition::of(entry.data_file())?;
        rows.entry(partition.clone()).or_default().0 += entry.record_count();
        let greatest = kept.entry(partition).or_insert(0);
        *greatest = entry.sequence_number().unwrap_or_default().max(*greatest);
    }
    for written in &change.add {
        rows.entry(Partition::from(&written.file)).or_default().1 += written.file.rows;
    }
    let may_be = |removed, added| if change.kind == Kind::Rewrite { added == removed } else { added <= removed };
    if let Some((partition, (removed, added))) = rows.into_iter().find(|(_, (before, after))| !may_be(*before, *after))
    {
        let Partition { organisation, day } = partition;
        return Err(LakeError::RowsChanged { organisation, day, removed, added });
    }
    if change.kind == Kind::Delete {
        kept.clear();
    }
    Ok(kept)
}
