//! Who watches a worker from outside the loop, e.g. to count.

use std::fmt::Debug;
use std::time::Duration;

/// What came of an attempt to send a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterOutcome {
    /// It was taken.
    Sent,
    /// It will be tried again.
    Retried,
    /// It was given up.
    Failed,
}

/// Told of what a worker does. Calls come from its tasks and must not block.
pub trait Observer: Debug + Send + Sync {
    /// A segment was built, not found finished: how long that took, its rows, its uncompressed bytes.
    fn segment_built(&self, _took: Duration, _rows: u64, _bytes: u64) {}

    /// The sweeper looked for due steps.
    fn swept(&self) {}

    /// A letter was tried.
    fn letter(&self, _outcome: LetterOutcome) {}
}
