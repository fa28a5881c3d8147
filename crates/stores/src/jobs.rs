//! The port of the job store, the truth about every export: each method is one atomic write or one consistent read.

mod census;
mod key;
pub mod ledger;
mod progress;

use async_trait::async_trait;
use domain::export::{Export, Lease, Outcome, Requester, Seen};
use domain::ids::{ExportId, WorkerId};
use domain::owner::Owner;
use domain::request::Request;

pub use census::{CENSUS_LIMIT, Census};
pub use key::{ClientKey, ClientKeyError, IdempotencyKey};
pub use progress::{SegmentProgress, SegmentState};

use crate::StoreError;

/// Most held steps that one look returns, those with the oldest heartbeat first.
pub const LOOK_LIMIT: u32 = 256;
/// Most exports that one purge removes.
pub const PURGE_LIMIT: u32 = 1_000;

/// An export to create.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// Its id, new.
    pub id: ExportId,
    /// Whose it is.
    pub owner: Owner,
    /// What is asked.
    pub request: Request,
    /// Who asks, where it is a user that wants letters.
    pub requested_by: Option<Requester>,
    /// The client's key, by which a repeated request is known.
    pub idempotency: Option<IdempotencyKey>,
    /// How many exports the owner may create on one UTC day, or no limit.
    pub per_day_limit: Option<u32>,
}

/// What came of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there: running where a place was free, else waiting.
    New(Export),
    /// The same request came before under this key; this is its export as it is now.
    Known(Export),
    /// Another request came before under this key.
    KeyConflict,
    /// The owner has created as many exports today as allowed.
    TooManyToday,
}

/// Steps that one write gave to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The export after the write.
    pub export: Export,
    /// What was claimed, in the order to work on it; never empty.
    pub leases: Vec<Lease>,
    /// Whether this or another export of the owner has more that can be claimed now.
    pub more: bool,
}

/// What a worker does behind a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It goes on with the next step of the same export, should the export be small.
    GoOn,
    /// It takes nothing more of it now.
    LetGo,
}

/// What came of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded.
    Done {
        /// The export after the write.
        export: Box<Export>,
        /// The step that the same write gave to the worker to go on with.
        next: Option<Lease>,
    },
    /// It came too late: another attempt holds the step, or the export went on without it. Nothing was recorded.
    Fenced,
}

/// What came of a retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retried {
    /// It goes on; this is the export after the write.
    GoesOn(Export),
    /// It did not fail, or not by segments, or what it had built is being removed; nothing changed.
    NothingToRetry(Export),
}

/// Who wants a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Owners with something due, the earliest first, each once.
    pub owners: Vec<Owner>,
    /// Due exports that only a newer program can read; they are left to it.
    pub too_new: u64,
}

/// All exports and the steps that were ever claimed. The adapter's clock and limits are injected; times it compares are
/// its own.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Creates an export, and promotes it at once if a place is free.
    async fn create(&self, new: NewExport) -> Result<Created, StoreError>;

    /// Looks an export up; another owner's export is not there.
    async fn get(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError>;

    /// At most `limit` exports of the owner created before `before`, the newest first.
    async fn list(&self, owner: &Owner, before: Option<ExportId>, limit: u32) -> Result<Vec<Export>, StoreError>;

    /// All exports of the owner that wait or run, the oldest first.
    async fn unsettled(&self, owner: &Owner) -> Result<Vec<Export>, StoreError>;

    /// Claims up to `room` steps of the owner's export that was served least recently and has something to claim.
    ///
    /// `Err(TooNew)` where nothing can be claimed but an export that only a newer program can read is due.
    async fn claim(&self, owner: &Owner, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError>;

    /// Counts a heartbeat of each lease; says in the same order which are still held.
    async fn beat(&self, leases: &[Lease]) -> Result<Vec<bool>, StoreError>;

    /// Records how an attempt ended, and promotes a waiting export if that freed a place; of a small export the same
    /// write claims the next step for a worker that goes on. Whatever is answered, the lease is over.
    async fn record(&self, lease: &Lease, outcome: Outcome, then: Then) -> Result<Recorded, StoreError>;

    /// The steps that somebody holds of the owner's exports whose look is due (at most [`LOOK_LIMIT`]); their next look
    /// is put off by a heartbeat.
    async fn look(&self, owner: &Owner) -> Result<Vec<(ExportId, Seen)>, StoreError>;

    /// Takes a step from a holder who did not beat since `seen` and records the death; `false` where they did, or no
    /// longer hold it.
    async fn take_over(&self, owner: &Owner, id: ExportId, seen: &Seen) -> Result<bool, StoreError>;

    /// Cancels or deletes an export and fences off whoever works on it; the export after it, or `None` where there is
    /// none.
    async fn cancel(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError>;

    /// Goes on with the failed segments of a failed export, at the same snapshot, at once or when it has a place; `None`
    /// where there is no such export.
    async fn retry(&self, owner: &Owner, id: ExportId) -> Result<Option<Retried>, StoreError>;

    /// At most `limit` owners of exports whose `due_at` has come.
    async fn due(&self, limit: u32) -> Result<Due, StoreError>;

    /// How far at most `limit` segments from number `from` on are; empty before there is a plan.
    async fn segments(
        &self,
        owner: &Owner,
        id: ExportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<SegmentState>, StoreError>;

    /// Removes what nobody needs any more: exports that ended more than so many seconds ago with no step left (at most
    /// [`PURGE_LIMIT`]; returns how many), idempotency keys and daily counters past their time.
    async fn purge(&self, settled_seconds: u64) -> Result<u64, StoreError>;

    /// Counts exports by state and what waits to be claimed, at most [`CENSUS_LIMIT`] due exports; by indexes alone.
    async fn census(&self) -> Result<Census, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
