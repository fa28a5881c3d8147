//! What a worker has done so far, for whoever watches it in the same process.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::clock::Clock;

use crate::observer::{LetterOutcome, Observer};

/// Counters that only grow, and who else is told.
#[derive(Default)]
pub struct Progress {
    rows_written: AtomicU64,
    rows_reused: AtomicU64,
    bytes_stored: AtomicU64,
    deaths_seen: AtomicU64,
    observer: Option<(Arc<dyn Observer>, Arc<dyn Clock>)>,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("encoded_rows", &self.encoded_rows()).finish_non_exhaustive()
    }
}

impl Progress {
    /// Tells `observer`, too; the clock says how long things take.
    pub fn observed(observer: Arc<dyn Observer>, clock: Arc<dyn Clock>) -> Self {
        Self { observer: Some((observer, clock)), ..Self::default() }
    }

    /// Rows that went through the encoder.
    pub fn encoded_rows(&self) -> u64 {
        self.rows_written.load(Ordering::Relaxed)
    }

    /// Rows in parts that were found finished.
    pub fn reused_rows(&self) -> u64 {
        self.rows_reused.load(Ordering::Relaxed)
    }

    /// Bytes of parts and archives stored.
    pub fn stored_bytes(&self) -> u64 {
        self.bytes_stored.load(Ordering::Relaxed)
    }

    /// Steps taken over from workers that were gone.
    pub fn deaths(&self) -> u64 {
        self.deaths_seen.load(Ordering::Relaxed)
    }

    pub(crate) fn rows_written(&self, rows: u64) {
        self.rows_written.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn rows_reused(&self, rows: u64) {
        self.rows_reused.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn bytes_stored(&self, bytes: u64) {
        self.bytes_stored.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A reading to measure from; without an observer nothing is measured.
    pub(crate) fn reading(&self) -> Duration {
        self.observer.as_ref().map_or(Duration::ZERO, |(_, clock)| clock.monotonic())
    }

    pub(crate) fn segment_built(&self, since: Duration, rows: u64, bytes: u64) {
        if let Some((observer, clock)) = &self.observer {
            observer.segment_built(clock.monotonic().saturating_sub(since), rows, bytes);
        }
    }

    pub(crate) fn swept(&self) {
        if let Some((observer, _)) = &self.observer {
            observer.swept();
        }
    }

    pub(crate) fn letter(&self, outcome: LetterOutcome) {
        if let Some((observer, _)) = &self.observer {
            observer.letter(outcome);
        }
    }

    pub(crate) fn death(&self) {
        self.deaths_seen.fetch_add(1, Ordering::Relaxed);
    }
}
