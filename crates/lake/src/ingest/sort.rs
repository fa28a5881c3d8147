//! Sorts any number of rows in bounded memory: a buffer, runs on the disk, a merge.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use fail::fail_point;

use crate::error::LakeError;
use crate::rows::{
    BatchLimits, Merge, MergePlan, MessageRow, Opener, RowBuffer, Rows, SortedBatches, Source, Spill, SpillWriter,
    merge_in_rounds,
};

/// The bounds of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortLimits {
    /// What rows may take in memory before they are spilled, and what runs may take while they are merged.
    pub memory_bytes: usize,
    /// Runs that are merged at once.
    pub fan_in: usize,
    /// Rows of a batch of a run.
    pub batch_rows: usize,
    /// Bytes of a batch of a run; a larger row has a batch of its own.
    pub batch_bytes: usize,
}

impl Default for SortLimits {
    fn default() -> Self {
        Self { memory_bytes: 48 << 20, fan_in: 32, batch_rows: 8192, batch_bytes: 512 << 10 }
    }
}

impl SortLimits {
    fn batch(&self) -> BatchLimits {
        BatchLimits { rows: self.batch_rows.max(1), bytes: self.batch_bytes }
    }
}

/// A column of a batch holds less than 2 GiB.
const GREATEST_BUFFER_BYTES: usize = 1 << 30;

/// Takes rows in any order and gives them back in the total order. Runs vanish when it, or its result, is dropped.
pub(crate) struct Sorter {
    folder: PathBuf,
    limits: SortLimits,
    buffer: Option<RowBuffer>,
    runs: VecDeque<Opener>,
}

impl Sorter {
    /// A sorter that spills into `folder`.
    pub fn new(folder: &Path, mut limits: SortLimits) -> Self {
        limits.memory_bytes = limits.memory_bytes.min(GREATEST_BUFFER_BYTES);
        Self { folder: folder.to_owned(), limits, buffer: None, runs: VecDeque::new() }
    }

    /// Takes a row.
    pub fn push(&mut self, row: &MessageRow<'_>) -> Result<(), LakeError> {
        let buffer = self.buffer.get_or_insert_with(|| RowBuffer::with_room_for(self.limits.memory_bytes));
        buffer.push(row);
        if buffer.bytes() >= self.limits.memory_bytes { self.spill() } else { Ok(()) }
    }

    /// All rows taken, sorted.
    pub fn finish(mut self) -> Result<Merge, LakeError> {
        if self.runs.is_empty() {
            let sorted = self.take_buffer()?.map(|batch| SortedRows::new(batch, self.limits.batch()));
            let inputs = sorted.map(|sorted| Box::new(sorted) as SortedBatches).into_iter().collect();
            return Merge::new(inputs, self.limits.batch());
        }
        self.spill()?;
        let (fan_in, open_bytes) = (self.limits.fan_in.max(2), self.limits.memory_bytes);
        let plan = MergePlan { fan_in, open_bytes, batch: self.limits.batch(), folder: &self.folder };
        merge_in_rounds(self.runs, plan)
    }

    fn take_buffer(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        self.buffer.take().map_or(Ok(None), |mut buffer| buffer.take())
    }

    fn spill(&mut self) -> Result<(), LakeError> {
        let Some(batch) = self.take_buffer()? else { return Ok(()) };
        let mut run = SpillWriter::create(&self.folder)?;
        for sorted in SortedRows::new(batch, self.limits.batch()) {
            run.write(&sorted?)?;
        }
        let run = run.finish()?;
        fail_point!("ingest.spilled");
        self.runs.push_back(Box::new(move || open(run)));
        Ok(())
    }
}

fn open(run: Spill) -> Result<Source, LakeError> {
    Ok(Source { cost_bytes: run.cost_bytes, batches: run.open()? })
}

/// The rows of one batch in the total order, as batches of bounded size.
struct SortedRows {
    rows: Rows,
    order: Vec<u32>,
    at: usize,
    limits: BatchLimits,
}

impl SortedRows {
    fn new(batch: RecordBatch, limits: BatchLimits) -> Self {
        let rows = Rows::new(&batch);
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        if rows.repeats().is_none() {
            order.sort_unstable_by(|&a, &b| rows.compare(a as usize, &rows, b as usize));
        }
        Self { rows, order, at: 0, limits }
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        let mut collected = RowBuffer::default();
        while let Some(&row) = self.order.get(self.at) {
            let row = row as usize;
            if collected.push_run(&self.rows, row, row + 1, self.limits)? == 0 {
                break;
            }
            self.at += 1;
        }
        collected.take()
    }
}

impl Iterator for SortedRows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}
