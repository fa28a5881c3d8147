//! How far one segment is.

/// One segment and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentState {
    /// Its number (from 0).
    pub number: u32,
    /// The number of its last claim; 0 before the first.
    pub attempt: u32,
    /// How far it is.
    pub progress: SegmentProgress,
}

/// How far a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentProgress {
    /// Nobody works on it: not yet, or not again yet.
    Waiting,
    /// Somebody works on it.
    Held,
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
