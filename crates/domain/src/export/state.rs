//! The states of an export and what each holds.

use crate::export::{Fresh, Lanes, Segments};
use crate::time::{Day, Micros};

/// The states of the contract; each holds just what is true in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits until the owner has a free place.
    Queued,
    /// Being worked on.
    Running(Phase),
    /// Stored, checked, in the manifest.
    Succeeded {
        /// When the archive was complete.
        finished_at: Micros,
        /// When its files are removed.
        expires_at: Micros,
        /// What can be fetched.
        files: Vec<ArchiveFile>,
        /// The step that sends the letter, until it is done or given up.
        notify: Option<Slot>,
        /// The step that removes the files in time.
        expire: Slot,
    },
    /// Given up, with a reason.
    Failed {
        /// When it was given up.
        finished_at: Micros,
        /// Why.
        failure: Failure,
        /// The step that sends the letter, until it is done or given up.
        notify: Option<Slot>,
        /// The step that removes what is left, until it is done. What a retry needs is left as long as files live.
        removal: Option<Slot>,
    },
    /// Cancelled or deleted by somebody.
    Cancelled {
        /// When.
        finished_at: Micros,
        /// The step that removes what is left, until it is done.
        removal: Option<Slot>,
    },
    /// Its files lived their time and are gone.
    Expired {
        /// When they were removed.
        finished_at: Micros,
    },
}

impl State {
    /// The names of all states, in the order of an export's life.
    pub const NAMES: [&str; 6] = ["queued", "running", "succeeded", "failed", "cancelled", "expired"];

    /// The name of the contract.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running(_) => "running",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
        }
    }

    /// Whether the request is settled, one way or the other.
    pub const fn is_settled(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running(_))
    }
}

/// Where a running export stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The snapshot is pinned and cut into segments.
    Plan(Slot),
    /// Parts are built.
    Segments(Segments),
    /// The same of a large export, counted in lanes.
    Lanes(Lanes),
    /// Parts are put together.
    Assemble(Slot),
}

/// The one step of a phase that has only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Can be claimed from this time on.
    Ready(Micros),
    /// Somebody works on it; from this time on another may look whether they still live.
    Leased(Micros),
}

impl Slot {
    /// When something is to be done about it: a claim or a look.
    pub const fn due_at(self) -> Micros {
        match self {
            Self::Ready(at) | Self::Leased(at) => at,
        }
    }
}

/// What the plan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanFacts {
    /// The pinned snapshot of the lake.
    pub snapshot: i64,
    /// Segments to build.
    pub segments: u32,
    /// Rows of all UTC days the range touches.
    pub rows: u64,
}

/// One file that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// The name it is offered under.
    pub name: String,
    /// Its size (bytes).
    pub bytes: u64,
    /// Files in it (entries of a zip, pieces of a csv).
    pub files: u64,
    /// Rows in it.
    pub rows: u64,
    /// CRC-64/NVME of its bytes.
    pub crc64nvme: u64,
    /// BLAKE3 of its manifest.
    pub manifest_blake3: [u8; 32],
}

/// Why an export was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: FailureCode,
    /// What happened, in words, without message text or addresses.
    pub message: String,
    /// The segments that could not be built, in order.
    pub segments: Vec<FailedSegment>,
    /// The numbers nobody has tried; `None` where the segments can't be asked for again.
    pub rest: Option<Fresh>,
}

/// A segment that could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedSegment {
    /// Its number (from 0).
    pub number: u32,
    /// Its first and last day; `None` where its workers died before they could say. The plan knows.
    pub days: Option<(Day, Day)>,
}

/// Stable codes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureCode {
    /// A step failed in each of its attempts.
    StepFailed,
    /// A step ended the worker that ran it, in each of its attempts.
    WorkersDied,
    /// What is stored cannot be trusted or read; repeating does not help.
    Refused,
}

impl FailureCode {
    /// The code as text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StepFailed => "step_failed",
            Self::WorkersDied => "workers_died",
            Self::Refused => "refused",
        }
    }
}
