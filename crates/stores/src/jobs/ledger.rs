//! What every job store does inside one atomic write, over the rows that an adapter reads and writes for it.
//!
//! An adapter opens its transaction, hands it over as a [`Ledger`], and commits if the rule answers `Ok`.

mod claim;
mod create;
mod lanes;
mod look;
mod promote;
mod retry;
mod settle;

use domain::export::{Export, Lane, State, Step, StepRecord};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};

pub use claim::claim;
pub use create::create;
pub use look::look;
pub use retry::retry;
pub use settle::{cancel, record, take_over};

use super::{IdempotencyKey, SegmentProgress};
use crate::StoreError;

/// The rows of one owner, inside one write that is all or nothing.
pub trait Ledger {
    /// Whose rows these are.
    fn owner(&self) -> &Owner;
    /// The store's clock, read once for the whole write.
    fn now(&self) -> Micros;
    /// The limits of the installation.
    fn limits(&self) -> &Limits;

    /// Reads an export.
    fn export(&mut self, id: ExportId) -> Result<Option<Export>, StoreError>;
    /// Writes an export, new or not, with its `due_at`.
    fn save_export(&mut self, export: &Export) -> Result<(), StoreError>;
    /// How many exports run.
    fn running(&mut self) -> Result<u32, StoreError>;
    /// The oldest export that waits for a place, of those younger than `after`.
    fn next_waiting(&mut self, after: Option<ExportId>) -> Result<Option<ExportId>, StoreError>;
    /// The exports of which something is due and when each was served, the least recently served first; with lanes an export may come though no
    /// lane of it is due.
    fn due(&mut self) -> Result<Vec<(u64, ExportId)>, StoreError>;

    /// Reads a lane of an export; `None` where nothing is left to do in it.
    fn lane(&mut self, id: ExportId, number: u32) -> Result<Option<Lane>, StoreError>;
    /// Writes a lane, new or not, with its `lane_due_at`.
    fn save_lane(&mut self, of: &Export, lane: &Lane) -> Result<(), StoreError>;
    /// Removes a lane, whether it is there or not.
    fn remove_lane(&mut self, of: &Export, number: u32) -> Result<(), StoreError>;

    /// Reads a step that was claimed before.
    fn step(&mut self, id: ExportId, step: Step) -> Result<Option<StepRow>, StoreError>;
    /// Writes a step, new or not.
    fn save_step(&mut self, id: ExportId, row: &StepRow) -> Result<(), StoreError>;
    /// At most `limit` steps of an export, or of one of its lanes, that somebody holds, those with the oldest heartbeat first.
    fn held(&mut self, of: &Export, lane: Option<u32>, limit: u32) -> Result<Vec<StepRow>, StoreError>;
    /// Takes all steps of an export from their holders.
    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError>;

    /// How many exports were counted on a UTC day.
    fn created_on(&mut self, day: Day) -> Result<u32, StoreError>;
    /// Counts one more export on a UTC day.
    fn count_created(&mut self, day: Day) -> Result<(), StoreError>;
    /// What is kept under a client's key.
    fn kept(&mut self, key: &IdempotencyKey) -> Result<Option<KeptKey>, StoreError>;
    /// Keeps a client's key, in place of an older one.
    fn keep(&mut self, key: &IdempotencyKey, kept: &KeptKey) -> Result<(), StoreError>;
}

/// What the store keeps of a step once it was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Who holds it, and under which attempt.
    pub record: StepRecord,
    /// When the claim or the last heartbeat came, by the store's clock: only an order, never a proof of death.
    pub beat_at: Micros,
    /// What became of it, where it is a segment.
    pub result: Option<SegmentResult>,
}

impl StepRow {
    /// How far a segment with this row is.
    pub const fn progress(&self) -> SegmentProgress {
        match (self.record.worker, self.result) {
            (Some(_), _) => SegmentProgress::Held,
            (None, None) => SegmentProgress::Waiting,
            (None, Some(SegmentResult::Done { rows, bytes, reused })) => SegmentProgress::Done { rows, bytes, reused },
            (None, Some(SegmentResult::Failed)) => SegmentProgress::Failed,
        }
    }
}

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentResult {
    /// Its part is stored.
    Done {
        /// Rows in it.
        rows: u64,
        /// Its size (bytes).
        bytes: u64,
        /// Whether it was found finished.
        reused: bool,
    },
    /// Out of attempts.
    Failed,
}

/// What is kept under a client's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptKey {
    /// The hash of the request.
    pub request_hash: [u8; 32],
    /// The export it became.
    pub export: ExportId,
    /// Until when the key counts.
    pub keep_until: Micros,
}

/// Since when an export has no step left to do, ever.
pub const fn finished_at(export: &Export) -> Option<Micros> {
    match &export.state {
        State::Failed { finished_at, notify: None, removal: None, .. }
        | State::Cancelled { finished_at, removal: None }
        | State::Expired { finished_at } => Some(*finished_at),
        _ => None,
    }
}
