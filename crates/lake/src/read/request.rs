//! What to read, and within which bounds.

use std::path::PathBuf;
use std::sync::Arc;

use domain::filter::Filter;
use domain::ids::Slug;
use domain::time::Micros;

use super::Columns;
use crate::file::DataFile;
use crate::parquet::{BLOCK_BYTES, BlockStore};
use crate::rows::BatchLimits;

/// A slice of an organisation's messages.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// Where the files are read: [`crate::Lake::blocks`] for those of a plan.
    pub store: Arc<dyn BlockStore>,
    /// Whose messages; a file of anybody else is an error.
    pub organisation: Slug,
    /// All files of each UTC day that the slice touches, in any order.
    pub files: Vec<DataFile>,
    /// The first instant wanted.
    pub start: Micros,
    /// The first instant no longer wanted.
    pub end: Micros,
    /// Which rows of the window are wanted.
    pub filter: Filter,
    /// What is given of each row.
    pub columns: Columns,
    /// An existing folder for sorted runs, should more files overlap than may be open. What is put there vanishes with the
    /// reader; after a crash whoever owns the folder removes it.
    pub spill_folder: PathBuf,
    /// The bounds.
    pub limits: ReadLimits,
}

/// The bounds of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// What open files, decoded batches and runs should take together. Values far larger than a page exceed it, by no more
    /// than a few of them for each open file.
    pub memory_bytes: usize,
    /// Files, or runs, open at once.
    pub fan_in: usize,
    /// Greatest number of rows of a batch.
    pub batch_rows: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { memory_bytes: 64 << 20, fan_in: 128, batch_rows: 8192 }
    }
}

/// How the memory is shared among a number of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Inputs open at once.
    pub fan_in: usize,
    /// Blocks that each open file keeps.
    pub cache_blocks: usize,
    /// The size of batches as they are decoded.
    pub batch: BatchLimits,
    /// The size of batches as they are merged.
    pub merged: BatchLimits,
    /// A file that decodes to no more than this is decoded at once: it then needs no decoder, and no blocks, any more.
    pub whole: BatchLimits,
}

impl ReadLimits {
    /// What a decoder needs beside its blocks and its batch: about a page of each column.
    pub(crate) const DECODER_BYTES: usize = 1 << 20;
    /// With fewer files open at once rows would go over the disk more often than it is worth.
    const LEAST_FAN_IN: usize = 8;
    const BATCH_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=2 << 20;
    /// Merged batches are few, and small ones cost their readers more than they save.
    const MERGED_BYTES: usize = 512 << 10;
    const CACHE_BLOCKS: std::ops::RangeInclusive<usize> = 2..=32;

    /// The shares of up to `inputs` inputs. A quarter of what the decoders leave goes to batches, a half to blocks.
    pub(crate) fn shares(&self, inputs: usize) -> Shares {
        // Files that are held whole cost less than a decoder; the cost of those that are open is kept where they are opened.
        let affordable = (2 * self.memory_bytes / Self::DECODER_BYTES).max(Self::LEAST_FAN_IN);
        let fan_in = self.fan_in.min(affordable).max(2);
        let share = self.memory_bytes / inputs.clamp(1, fan_in);
        let free = share.saturating_sub(Self::DECODER_BYTES);
        let bytes = (free / 4).clamp(*Self::BATCH_BYTES.start(), *Self::BATCH_BYTES.end());
        let cache_blocks = (free / 2 / BLOCK_BYTES).clamp(*Self::CACHE_BLOCKS.start(), *Self::CACHE_BLOCKS.end());
        let limits = |bytes| BatchLimits { rows: self.batch_rows.max(1), bytes };
        let (merged, whole) = (bytes.max(Self::MERGED_BYTES), bytes.max(Self::DECODER_BYTES));
        Shares { fan_in, cache_blocks, batch: limits(bytes), merged: limits(merged), whole: limits(whole) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_the_budget() {
        let limits = ReadLimits::default();
        let check = |inputs, fan_in, cache_blocks, bytes: [usize; 3]| {
            let [batch, merged, whole] = bytes.map(|bytes| BatchLimits { rows: 8192, bytes });
            assert_eq!(limits.shares(inputs), Shares { fan_in, cache_blocks, batch, merged, whole }, "{inputs} inputs");
        };
        check(0, 128, 32, [2 << 20, 2 << 20, 2 << 20]);
        check(1, 128, 32, [2 << 20, 2 << 20, 2 << 20]);
        check(32, 128, 2, [256 << 10, 512 << 10, 1 << 20]);
        check(1000, 128, 2, [64 << 10, 512 << 10, 1 << 20]);
        let small = ReadLimits { memory_bytes: 4 << 20, ..limits };
        assert_eq!((small.shares(1).fan_in, small.shares(1).batch.bytes), (8, 768 << 10));
        let tiny = ReadLimits { memory_bytes: 0, fan_in: 1, batch_rows: 0 }.shares(5);
        assert_eq!((tiny.fan_in, tiny.cache_blocks, tiny.batch), (2, 2, BatchLimits { rows: 1, bytes: 64 << 10 }));
    }
}
