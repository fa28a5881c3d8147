//! The port, over a server and objects beside the lake.

use std::sync::Arc;

use async_trait::async_trait;
use domain::clock::Clock;
use domain::finding::Finding;
use domain::ids::{ExportId, IngestId};
use domain::random::Random;
use lake::LakeError;
use lake::catalog::{Batch, BatchKey, Catalog, Commit, Pin, Pointer, Swapped, commit_of};
use lake::storage::{ObjectError, Objects};

use crate::body::NewCommit;
use crate::client::Client;
use crate::error::RestError;
use crate::objects::Beside;
use crate::options::{OptionError, RestOptions};
use crate::records::{self, Record, Records};
use crate::table::{self, Table};
use crate::{check, fence, pins};

/// How often a fence is set that others are in the way of.
const FENCE_TRIES: u32 = 5;

/// A catalog behind Iceberg's REST protocol, which any number of processes share.
#[derive(Debug)]
pub struct RestCatalog {
    pub(crate) client: Client,
    pub(crate) records: Records,
    pins: Beside,
}

impl RestCatalog {
    /// One that nothing was asked of yet. Records and pins are objects below the location `beside`, which nothing else uses and
    /// which is not below that of the table.
    ///
    /// # Errors
    /// The first option that cannot be.
    pub fn new(
        options: RestOptions,
        objects: Arc<dyn Objects>,
        beside: impl Into<String>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OptionError> {
        options.check()?;
        let objects = Beside::new(objects, beside.into());
        Ok(Self { client: Client::new(options, clock, random), records: Records::new(objects.clone()), pins: objects })
    }

    /// What a doctor wants to know.
    pub async fn check(&self, clock: &dyn Clock) -> Vec<Finding> {
        check::check(&self.client, clock).await
    }

    /// What a loaded table remembers of a commit.
    pub(crate) fn find(&self, table: &Table, id: IngestId) -> Option<Record> {
        table.metadata.snapshots().find(|snapshot| commit_of(snapshot) == Some(id)).and_then(|found| Record::of(found))
    }

    /// The batch that a table or its records remember.
    pub(crate) async fn find_batch(&self, table: &Table, digest: &str) -> Result<Option<Batch>, ObjectError> {
        let is_it = |record: &Record| record.batch.as_ref().is_some_and(|batch| batch.digest == digest);
        let found = table.metadata.snapshots().filter_map(|snapshot| Record::of(snapshot)).find(is_it);
        let found = match found {
            Some(found) => Some(found),
            None => self.records.batch(digest).await?,
        };
        Ok(found.and_then(|record| record.batch()))
    }

    /// Makes sure that the newest commit stays known once it is no longer the newest.
    pub(crate) async fn hand_on(&self, table: &Table) -> Result<(), ObjectError> {
        match table.newest_of_ours().and_then(Record::of) {
            Some(record) => self.records.keep(&record).await,
            None => Ok(()),
        }
    }

    /// What came of a commit, for good: one that is not there is fenced off.
    async fn decide(&self, id: IngestId) -> Result<Option<i64>, RestError> {
        for number in 0..FENCE_TRIES {
            let Some(table) = table::load(&self.client).await? else { return Ok(None) };
            if let Some(record) = self.find(&table, id) {
                self.records.keep(&record).await?;
                return Ok(Some(record.snapshot_id));
            }
            if let Some(record) = self.records.commit(id).await? {
                return Ok(Some(record.snapshot_id));
            }
            if table.is_fenced(id) {
                return Ok(None);
            }
            // The first commit of all may still be under way.
            let Some(snapshot_id) = table.metadata.current_snapshot_id() else { return Err(RestError::Undecided) };
            let requirements = vec![fence::requirement(id)];
            let fence = NewCommit { requirements, updates: vec![fence::update(id, snapshot_id)] };
            let answer = self.client.change(&table::path(&self.client), &fence).await;
            tracing::debug!(set = answer.is_ok_and(|answer| answer.status < 300), "a commit was fenced off");
            self.client.wait(number).await;
        }
        Err(RestError::Undecided)
    }
}

#[async_trait]
impl Catalog for RestCatalog {
    async fn pointer(&self) -> Result<Option<Pointer>, LakeError> {
        let table = table::load(&self.client).await?;
        // A table is made in two steps.
        let whole = table.filter(|table| table.metadata.current_snapshot().is_some());
        Ok(whole.map(|table| Pointer { location: table.location, metadata: Some(table.metadata) }))
    }

    fn writes_metadata(&self) -> bool {
        true
    }

    async fn create(&self, commit: Commit) -> Result<bool, LakeError> {
        Ok(self.make_table(&commit).await?)
    }

    async fn swap(&self, from: &str, commit: Commit) -> Result<Swapped, LakeError> {
        Ok(self.swap_from(from, &commit).await?)
    }

    async fn committed(&self, id: IngestId) -> Result<Option<i64>, LakeError> {
        Ok(self.decide(id).await?)
    }

    async fn batch(&self, key: &BatchKey) -> Result<Option<Batch>, LakeError> {
        let Some(table) = table::load(&self.client).await? else { return Ok(None) };
        Ok(self.find_batch(&table, &records::digest(key)).await.map_err(RestError::from)?)
    }

    async fn forget_behind(&self, sequence_number: i64) -> Result<(), LakeError> {
        Ok(self.records.forget_behind(sequence_number).await.map_err(RestError::from)?)
    }

    async fn pin(&self, pin: Pin) -> Result<Pin, LakeError> {
        Ok(pins::pin(&self.pins, &pin).await.map_err(RestError::from)?)
    }

    async fn unpin(&self, export: ExportId) -> Result<(), LakeError> {
        Ok(pins::unpin(&self.pins, export).await.map_err(RestError::from)?)
    }

    async fn pins(&self) -> Result<Vec<Pin>, LakeError> {
        Ok(pins::all(&self.pins).await.map_err(RestError::from)?)
    }
}
