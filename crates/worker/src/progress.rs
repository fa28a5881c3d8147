//! What a worker has done so far, for whoever watches it in the same process.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that only grow.
#[derive(Debug, Default)]
pub struct Progress {
    rows_written: AtomicU64,
    rows_reused: AtomicU64,
    bytes_stored: AtomicU64,
    deaths_seen: AtomicU64,
}

impl Progress {
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

    pub(crate) fn death(&self) {
        self.deaths_seen.fetch_add(1, Ordering::Relaxed);
    }
}
