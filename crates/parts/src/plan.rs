//! The plan object: the cut range of one export, immutable, with records of fixed width that are read by range.
//!
//! Layout, all numbers little-endian: a header, then the segments, the UTC days they touch, the files of those days,
//! and the files' paths. Days, files and paths lie in the order of the segments, so that everything one segment needs
//! is one range of each table. Each record ends with the CRC-32 of itself (a file's covers its path too), so a changed
//! byte is found by whoever reads it.

mod bytes;
mod read;
mod write;

use domain::content_key::ContentKey;
use domain::windows::Slice;
use lake::table::plan::PlannedDay;
use thiserror::Error;

pub use read::{PlanHeader, PlanReader};
pub use write::encode;

/// Marks a plan object, and its version.
pub const MAGIC: [u8; 8] = *b"OHPLAN\x00\x01";

/// One segment of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSegment {
    /// What it covers.
    pub slice: Slice,
    /// The key of its part.
    pub key: ContentKey,
}

/// One segment with the files it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPlan {
    /// What it covers and what its part is called.
    pub segment: PlannedSegment,
    /// The UTC days it touches that have rows, with all their files.
    pub days: Vec<PlannedDay>,
}

/// A plan object that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// There is none.
    #[error("the plan is gone")]
    Missing,
    /// Written by a newer version.
    #[error("the plan was written by a newer version of outhaul")]
    TooNew,
    /// Not what was written.
    #[error("the plan is damaged: {0}")]
    Damaged(&'static str),
}

impl PlanError {
    /// Whether another attempt, perhaps of another process, may succeed.
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::TooNew)
    }
}

#[cfg(test)]
mod tests;
