//! Checking a stored range while it is copied: a flipped bit is found before it gets into an archive.

use thiserror::Error;

use super::EntrySummary;
use crate::hash::Hash256;

/// Takes the bytes of one entry's stored range in order and compares them with its summary.
pub struct StoredCheck {
    header: Vec<u8>,
    header_seen: usize,
    header_same: bool,
    data_bytes: u64,
    data: blake3::Hasher,
    expected_bytes: u64,
    expected: Hash256,
}

/// The stored bytes are not those that were written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the stored bytes of an entry are not those that were written")]
pub struct StoredMismatch;

impl StoredCheck {
    /// A check of this entry.
    pub fn new(entry: &EntrySummary) -> Self {
        Self {
            header: entry.local_header(),
            header_seen: 0,
            header_same: true,
            data_bytes: 0,
            data: blake3::Hasher::new(),
            expected_bytes: entry.compressed_bytes,
            expected: entry.compressed_blake3,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (header, data) = bytes.split_at(bytes.len().min(self.header.len() - self.header_seen));
        self.header_same &= self.header[self.header_seen..].starts_with(header);
        self.header_seen += header.len();
        self.data_bytes += data.len() as u64;
        self.data.update(data);
    }

    /// Whether all bytes came, no more, and each as it was written.
    pub fn finish(self) -> Result<(), StoredMismatch> {
        let complete = self.header_seen == self.header.len() && self.data_bytes == self.expected_bytes;
        let same = self.header_same && Hash256::from(self.data.finalize()) == self.expected;
        if complete && same { Ok(()) } else { Err(StoredMismatch) }
    }
}
