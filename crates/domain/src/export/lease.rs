//! Who works on a step, and under which attempt.

use crate::export::Step;
use crate::ids::{ExportId, WorkerId};
use crate::owner::Owner;

/// The right to record the result of one attempt at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose export.
    pub owner: Owner,
    /// Which export.
    pub export: ExportId,
    /// Which step.
    pub step: Step,
    /// The lane of a segment, where its export has several.
    pub lane: Option<u32>,
    /// The fencing number: each claim of the step has a greater one.
    pub attempt: u32,
    /// Who holds it.
    pub worker: WorkerId,
}

/// What the job store keeps of a step once it was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// Which step.
    pub step: Step,
    /// The number of the last claim.
    pub attempt: u32,
    /// Who holds it, if anybody.
    pub worker: Option<WorkerId>,
    /// Counts heartbeats of this attempt.
    pub beat: u64,
    /// Failed or died attempts so far.
    pub failures: u32,
}

impl StepRecord {
    /// A step nobody has claimed yet.
    pub const fn unclaimed(step: Step) -> Self {
        Self { step, attempt: 0, worker: None, beat: 0, failures: 0 }
    }

    /// This step as the next attempt of `worker`.
    #[must_use]
    pub const fn claimed_by(self, worker: WorkerId) -> Self {
        Self { attempt: self.attempt + 1, worker: Some(worker), beat: 0, ..self }
    }

    /// Whether this attempt is still held.
    pub fn is_held_by(&self, lease: &Lease) -> bool {
        self.attempt == lease.attempt && self.worker == Some(lease.worker)
    }

    /// What a look at the step sees, if somebody holds it.
    pub fn seen(&self) -> Option<Seen> {
        self.worker.map(|_| Seen { step: self.step, attempt: self.attempt, beat: self.beat })
    }
}

/// What a look at a held step saw; unchanged one lease later by the looker's own clock, its holder is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// Which step.
    pub step: Step,
    /// Under which attempt it is held.
    pub attempt: u32,
    /// The heartbeats counted by then.
    pub beat: u64,
}
