//! What is remembered of each commit: in the summary of its snapshot first, then in objects that outlive the snapshot.
//!
//! A commit and its record are one write of the catalog. Before the next commit is made the record of the one before lies in
//! objects, so whatever snapshots expire, and whoever lets them, only the newest commit may be known by its snapshot alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::ids::IngestId;
use domain::time::Micros;
use iceberg::spec::Snapshot;
use lake::catalog::{Batch, BatchKey, Commit, commit_of};
use lake::storage::ObjectError;
use serde::{Deserialize, Serialize};

use crate::objects::Beside;

/// Summary properties beside that of the commit itself.
const AT: &str = "outhaul.committed-at";
const BATCH: &str = "outhaul.batch";
const ACCEPTED: &str = "outhaul.accepted";
const REFUSED: &str = "outhaul.refused";

const COMMITS: &str = "commits";
const BATCHES: &str = "batches";

/// What is remembered of one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub ingest: String,
    pub snapshot_id: i64,
    pub sequence_number: i64,
    pub committed_at: i64,
    pub batch: Option<BatchRecord>,
}

/// What is remembered of its batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchRecord {
    /// See [`digest`].
    pub digest: String,
    pub accepted: u64,
    pub refused: u64,
}

/// A batch's name among objects and properties: a key may hold any text, and need not be told to other engines.
pub(crate) fn digest(key: &BatchKey) -> String {
    let mut hasher = blake3::Hasher::new();
    // No slug has this byte.
    hasher.update(key.organisation.as_str().as_bytes()).update(b"\0").update(key.key.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// What is added to the summary of a commit's snapshot.
pub(crate) fn properties(commit: &Commit) -> HashMap<&'static str, String> {
    let mut properties = HashMap::from([(AT, commit.at.0.to_string())]);
    if let Some(batch) = &commit.batch {
        properties.insert(BATCH, digest(&batch.key));
        properties.insert(ACCEPTED, batch.accepted.to_string());
        properties.insert(REFUSED, batch.refused.to_string());
    }
    properties
}

impl Record {
    /// What a snapshot says, if it is one of ours.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        let properties = &snapshot.summary().additional_properties;
        let number = |name: &str| properties.get(name).and_then(|text| text.parse().ok());
        let batch = |digest: &String| {
            let (accepted, refused) = (number(ACCEPTED)?, number(REFUSED)?);
            Some(BatchRecord { digest: digest.clone(), accepted, refused })
        };
        Some(Self {
            ingest: commit_of(snapshot)?.to_string(),
            snapshot_id: snapshot.snapshot_id(),
            sequence_number: snapshot.sequence_number(),
            committed_at: properties.get(AT).and_then(|text| text.parse().ok()).unwrap_or_default(),
            batch: properties.get(BATCH).and_then(batch),
        })
    }

    /// The batch that it tells of.
    pub fn batch(&self) -> Option<Batch> {
        let BatchRecord { accepted, refused, .. } = self.batch.as_ref()?;
        Some(Batch {
            ingest: self.ingest.parse().ok()?,
            snapshot_id: self.snapshot_id,
            accepted: *accepted,
            refused: *refused,
            committed_at: Micros(self.committed_at),
        })
    }
}

/// The records that lie in objects.
#[derive(Debug)]
pub(crate) struct Records {
    objects: Beside,
    /// The last one that was put from here.
    kept: Mutex<Option<String>>,
}

impl Records {
    pub fn new(objects: Beside) -> Self {
        Self { objects, kept: Mutex::default() }
    }

    /// Makes sure that a record lies in objects.
    pub async fn keep(&self, record: &Record) -> Result<(), ObjectError> {
        if self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(&record.ingest) {
            return Ok(());
        }
        if let Some(batch) = &record.batch {
            self.objects.put(&of_batch(&batch.digest), record).await?;
        }
        self.objects.put(&of_commit(&record.ingest), record).await?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.ingest.clone());
        Ok(())
    }

    pub async fn commit(&self, id: IngestId) -> Result<Option<Record>, ObjectError> {
        self.objects.get(&of_commit(&id.to_string())).await
    }

    pub async fn batch(&self, digest: &str) -> Result<Option<Record>, ObjectError> {
        self.objects.get(&of_batch(digest)).await
    }

    /// Forgets commits behind a sequence number.
    pub async fn forget_behind(&self, sequence_number: i64) -> Result<(), ObjectError> {
        for folder in [BATCHES, COMMITS] {
            for (name, record) in self.objects.all::<Record>(folder).await? {
                if record.sequence_number > sequence_number {
                    self.objects.remove(&name).await?;
                }
            }
        }
        Ok(())
    }
}

fn of_commit(id: &str) -> String {
    format!("{COMMITS}/{id}.json")
}

fn of_batch(digest: &str) -> String {
    format!("{BATCHES}/{digest}.json")
}
