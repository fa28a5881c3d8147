//! What a worker works with, and how.

use std::sync::Arc;

use artifacts::Artifacts;
use domain::export::Export;
use domain::ids::WorkerId;
use domain::limits::Limits;
use lake::Lake;
use notifier::{Notifier, PublicUrl};
use queue::{Limiter, Queue};
use stores::{Directory, Jobs, Memberships};

/// Everything a worker works with.
#[derive(Clone)]
pub struct Ports {
    /// The truth about every export.
    pub jobs: Arc<dyn Jobs>,
    /// Hints where to look.
    pub queue: Arc<dyn Queue>,
    /// What all workers do together so often and no more.
    pub limiter: Arc<dyn Limiter>,
    /// Plans, parts and archives.
    pub artifacts: Arc<dyn Artifacts>,
    /// The messages.
    pub lake: Arc<Lake>,
    /// Who belongs where, asked again before a letter is sent.
    pub directory: Arc<dyn Directory>,
    /// What users subscribe to.
    pub memberships: Arc<dyn Memberships>,
    /// How letters go out; without it none do.
    pub mail: Option<Mail>,
}

/// How letters go out.
#[derive(Clone)]
pub struct Mail {
    /// Sends them.
    pub notifier: Arc<dyn Notifier>,
    /// Where people reach the service, for the links in them.
    pub public_url: PublicUrl,
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// Its id, new for each process.
    pub id: WorkerId,
    /// Steps at a time.
    pub slots: u32,
    /// What reading may take, over all slots (bytes).
    pub memory_bytes: usize,
    /// The installation's limits.
    pub limits: Limits,
}

/// Exports of few rows that go on beside the slots: they wait for the disk more than they work.
pub(crate) const FEW_AT_ONCE: usize = 4;
/// Greatest export, by its plan, whose steps may leave their slot to others.
const FEW_ROWS: u64 = 4_096;
/// What reading such an export takes at most (bytes).
const FEW_ROWS_BYTES: usize = 4 << 20;
/// The part of the memory that is theirs, all at once.
const SHARE_OF_FEW: usize = 8;

/// Whether an export has so few rows, by its plan, that it may leave its slot to others.
pub(crate) fn has_few_rows(export: &Export) -> bool {
    export.plan.is_some_and(|plan| plan.rows <= FEW_ROWS)
}

impl WorkerOptions {
    /// What reading one segment of this export may take (bytes).
    pub(crate) fn read_bytes(&self, export: &Export) -> usize {
        let theirs = self.memory_bytes / SHARE_OF_FEW;
        let of_slot = (self.memory_bytes - theirs) / self.slots.max(1) as usize;
        if has_few_rows(export) { (theirs / FEW_AT_ONCE).min(FEW_ROWS_BYTES).min(of_slot) } else { of_slot }
    }
}
