//! The one door to the lake for other crates.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::ids::{ExportId, IngestId, Slug};
use domain::owner::Owner;
use domain::random::Random;
use domain::time::Day;
use fail::fail_point;
use iceberg::io::FileIO;
use tokio::sync::Mutex;

use crate::catalog::{Batch, BatchKey, NewBatch, Pin};
use crate::disk;
use crate::error::LakeError;
use crate::file::WrittenFile;
use crate::open::LakeParts;
use crate::parquet::BlockStore;
use crate::places::Places;
use crate::staging::{Staging, Swept, sweep};
use crate::storage::{Storage, file_io, path_of};
use crate::table::Lineage;
use crate::table::attempt::Attempts;
use crate::table::cache::{ManifestCache, VersionCache};
use crate::table::commit::{Change, CommitLimits, Committed, Committer, Kind};
use crate::table::lineage::lineage;
use crate::table::load::{self, CurrentTable, Version};
use crate::table::pins::Pinner;
use crate::table::plan::Plan;
use crate::threads::Threads;

/// Limits of a lake.
#[derive(Clone, Copy, Debug)]
pub struct LakeOptions {
    /// Bounds of each commit.
    pub commit: CommitLimits,
    /// Old metadata files that stay; written into the table when it is made.
    pub metadata_versions: usize,
    /// How long a catalog call waits for other processes.
    pub busy_timeout: Duration,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self { commit: CommitLimits::default(), metadata_versions: 10, busy_timeout: Duration::from_secs(10) }
    }
}

/// The table of messages. Any number of processes may have it open.
pub struct Lake {
    pub(crate) parts: LakeParts,
    pub(crate) places: Places,
    /// Reads metadata.
    pub(crate) io: FileIO,
    pub(crate) clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    pub(crate) options: LakeOptions,
    /// What was read of the table.
    pub(crate) versions: VersionCache,
    pub(crate) manifests: ManifestCache,
    /// Where inputs are read and sorted.
    pub(crate) threads: Threads,
    /// One commit at a time in this process: attempts that would only lose against each other are not made.
    commits: Mutex<()>,
}

impl Lake {
    pub(crate) fn new(parts: LakeParts, options: LakeOptions, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            places: Places::new(parts.storage.table()),
            io: file_io(Arc::clone(&parts.storage), None),
            parts,
            clock,
            random,
            options,
            versions: VersionCache::default(),
            manifests: ManifestCache::default(),
            threads: Threads::default(),
            commits: Mutex::new(()),
        }
    }

    /// A new, locked staging folder for an ingest.
    pub async fn staging(&self) -> Result<Staging, LakeError> {
        let id = IngestId::new(self.clock.now(), self.random.as_ref());
        let (root, storage) = (self.parts.staging.clone(), Arc::clone(&self.parts.storage));
        disk::blocking(move || Staging::create(&root, storage, id)).await
    }

    /// Where the `number`th data file of an ingest goes: its path.
    pub fn data_file(&self, organisation: &Slug, day: Day, ingest: IngestId, number: u32) -> String {
        self.places.data_file(organisation, day, ingest, number)
    }

    /// What came of a batch that was committed before.
    pub async fn batch(&self, key: &BatchKey) -> Result<Option<Batch>, LakeError> {
        self.parts.catalog.batch(key).await
    }

    /// Brings files that were announced in `staging`, and put into their places, into the table, as one batch.
    ///
    /// However it ends, the staging folder and everything that is not in the table is removed, at the latest by the
    /// next sweep. A batch that is already known changes nothing.
    pub async fn commit_ingest(
        &self,
        staging: Staging,
        batch: NewBatch,
        files: Vec<WrittenFile>,
    ) -> Result<Committed, LakeError> {
        self.commit(staging, Change { kind: Kind::Append, add: files, remove: Vec::new(), batch: Some(batch) }).await
    }

    /// Says that the table was put back from a backup: nothing that was built before will be taken for its content.
    /// Returns the snapshot that says so.
    pub async fn restored(&self) -> Result<i64, LakeError> {
        let at = self.version().await?.metadata.last_sequence_number();
        self.parts.catalog.forget_behind(at).await?;
        let change = Change { kind: Kind::Restored, add: Vec::new(), remove: Vec::new(), batch: None };
        match self.commit(self.staging().await?, change).await? {
            Committed::Now { snapshot_id } => Ok(snapshot_id),
            Committed::AlreadyKnown(batch) => Ok(batch.snapshot_id),
        }
    }

    pub(crate) async fn commit(&self, staging: Staging, change: Change) -> Result<Committed, LakeError> {
        let staging = Arc::new(staging);
        let turn = self.commits.lock().await;
        let committed = self.committer().commit(&staging, &change).await;
        drop(turn);
        tracing::debug!(done = committed.is_ok(), "commit tried");
        let settled = self.settle(staging).await;
        fail_point!("ingest.cleaned");
        match (committed, settled) {
            // It was done, only the answer was lost.
            (Err(_), Ok(Some(snapshot_id))) => Ok(Committed::Now { snapshot_id }),
            (committed, Ok(_)) => committed,
            (committed, Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "staging folder left to the next sweep");
                committed
            }
        }
    }

    /// Ends a staging folder by what the catalog says of it, which a failed call alone does not tell.
    pub(crate) async fn settle(&self, staging: Arc<Staging>) -> Result<Option<i64>, LakeError> {
        let won = self.parts.catalog.committed(staging.id()).await?;
        disk::blocking(move || staging.settle(won)).await?;
        Ok(won)
    }

    pub(crate) fn committer(&self) -> Committer<'_> {
        let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
        let (places, storage) = (&self.places, &self.parts.storage);
        let catalog_writes = self.parts.catalog.writes_metadata();
        let attempts = Attempts { places, storage, clock, random, catalog_writes };
        Committer { table: self.table(), attempts, limits: &self.options.commit }
    }

    /// Clears up after processes that died. Live ones are left alone, so it may run at any time.
    pub async fn sweep(&self) -> Result<Swept, LakeError> {
        sweep(self.parts.staging.clone(), Arc::clone(&self.parts.storage), self.parts.catalog.as_ref()).await
    }

    /// Whether the table can be read: what is kept of it does not count.
    pub async fn ping(&self) -> Result<(), LakeError> {
        let version = self.version().await?;
        // What the catalog writes itself may lie where only the catalog reads.
        let location = match self.parts.catalog.writes_metadata() {
            true => version.current()?.manifest_list().to_owned(),
            false => version.location,
        };
        let storage = Arc::clone(&self.parts.storage);
        match disk::blocking(move || storage.size(path_of(&location))).await? {
            Some(_) => Ok(()),
            None => Err(LakeError::Unusable("its metadata is not there".to_owned())),
        }
    }

    /// The snapshot that holds everything committed so far. A new table has one, empty.
    pub async fn current_snapshot(&self) -> Result<i64, LakeError> {
        Ok(self.version().await?.current()?.snapshot_id())
    }

    /// The files of an organisation's UTC days `first..=last` in a live snapshot.
    ///
    /// # Errors
    /// `SnapshotGone`; `ForeignDeletes` and `ForeignFile` where another engine wrote what cannot be read exactly.
    pub async fn plan(&self, snapshot_id: i64, organisation: &Slug, first: Day, last: Day) -> Result<Plan, LakeError> {
        let version = self.version().await?;
        self.plan_in(&version, snapshot_id, organisation, (first, last)).await
    }

    /// The same in the current snapshot.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub async fn plan_now(&self, organisation: &Slug, first: Day, last: Day) -> Result<Plan, LakeError> {
        let version = self.version().await?;
        self.plan_in(&version, version.current()?.snapshot_id(), organisation, (first, last)).await
    }

    async fn plan_in(
        &self,
        version: &Version,
        snapshot_id: i64,
        organisation: &Slug,
        days: (Day, Day),
    ) -> Result<Plan, LakeError> {
        load::plan(&self.io, &self.manifests, &version.metadata, snapshot_id, organisation, days).await
    }

    /// What must be equal, beside content versions, for the content of two snapshots to be equal.
    pub async fn lineage(&self, snapshot_id: i64) -> Result<Lineage, LakeError> {
        lineage(&self.version().await?.metadata, snapshot_id)
    }

    /// Pins the current snapshot for an export and returns it; a second call returns the same one.
    ///
    /// # Errors
    /// `SnapshotGone` if the export had a pin whose snapshot is no longer in the table.
    pub async fn pin(&self, owner: &Owner, export: ExportId) -> Result<i64, LakeError> {
        self.pinner(owner, export).pin().await
    }

    /// Makes sure that an export still has the pin that it was planned with.
    ///
    /// # Errors
    /// `SnapshotGone` if the snapshot is no longer in the table.
    pub async fn hold(&self, owner: &Owner, export: ExportId, snapshot_id: i64) -> Result<(), LakeError> {
        self.pinner(owner, export).hold(snapshot_id).await
    }

    fn pinner<'a>(&'a self, owner: &'a Owner, export: ExportId) -> Pinner<'a> {
        Pinner { table: self.table(), clock: self.clock.as_ref(), owner, export }
    }

    /// Lets an export's snapshot go.
    pub async fn unpin(&self, export: ExportId) -> Result<(), LakeError> {
        self.parts.catalog.unpin(export).await
    }

    /// Every pin, oldest first.
    pub async fn pins(&self) -> Result<Vec<Pin>, LakeError> {
        self.parts.catalog.pins().await
    }

    pub(crate) async fn version(&self) -> Result<Version, LakeError> {
        self.table().current_version().await
    }

    fn table(&self) -> CurrentTable<'_> {
        CurrentTable { catalog: self.parts.catalog.as_ref(), io: &self.io, kept: &self.versions }
    }

    /// Where the data files of plans are read.
    pub fn blocks(&self) -> Arc<dyn BlockStore> {
        Arc::<dyn Storage>::clone(&self.parts.storage)
    }
}
