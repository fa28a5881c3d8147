//! Merges a few sorted inputs into one, copying runs where one input leads.

use std::cmp::Ordering;
use std::collections::VecDeque;

use arrow_array::RecordBatch;

use super::{BatchLimits, RowBuffer, Rows, SortedBatches};
use crate::error::LakeError;

/// From this length on a run is passed on as a slice of its batch instead of being copied.
const SLICE_ROWS: usize = 1024;

/// All rows of all inputs in the total order. Equal rows stay, all of them.
pub(crate) struct Merge {
    /// Inputs that have rows left, the one with the least next row last.
    #[expect(clippy::vec_box, reason = "a cursor is large, and changes its place with each run")]
    cursors: Vec<Box<Cursor>>,
    collected: RowBuffer,
    ready: VecDeque<RecordBatch>,
    limits: BatchLimits,
}

struct Cursor {
    batch: RecordBatch,
    rows: Rows,
    at: usize,
    rest: SortedBatches,
}

impl Merge {
    /// Reads the first batch of each input.
    pub fn new(inputs: Vec<SortedBatches>, limits: BatchLimits) -> Result<Self, LakeError> {
        let cursors = Vec::with_capacity(inputs.len());
        let mut merge = Self { cursors, collected: RowBuffer::default(), ready: VecDeque::new(), limits };
        for mut rest in inputs {
            if let Some(batch) = next_filled(&mut rest)? {
                merge.insert(Box::new(Cursor { rows: Rows::new(&batch), batch, at: 0, rest }));
            }
        }
        Ok(merge)
    }

    fn insert(&mut self, cursor: Box<Cursor>) {
        let place = self.cursors.partition_point(|other| other.compare(&cursor) == Ordering::Greater);
        self.cursors.insert(place, cursor);
    }

    /// Moves the leading run of the leading input to the output.
    fn step(&mut self, mut leader: Box<Cursor>) -> Result<(), LakeError> {
        let end = match self.cursors.last() {
            Some(next) => leader.run_until(next),
            None => leader.rows.len(),
        };
        self.output(&leader, end)?;
        leader.at = end;
        if leader.refill()? {
            self.insert(leader);
        }
        Ok(())
    }

    fn output(&mut self, leader: &Cursor, end: usize) -> Result<(), LakeError> {
        let mut start = leader.at;
        if end - start >= SLICE_ROWS.min(self.limits.rows) {
            self.ready.extend(self.collected.take()?);
            self.ready.push_back(leader.batch.slice(start, end - start));
            return Ok(());
        }
        while start < end {
            let taken = self.collected.push_run(&leader.rows, start, end, self.limits)?;
            if taken == 0 || self.collected.is_full(self.limits) {
                self.ready.extend(self.collected.take()?);
            }
            start += taken;
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            match self.cursors.pop() {
                Some(leader) => self.step(leader)?,
                None => return self.collected.take(),
            }
        }
    }
}

impl Iterator for Merge {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.is_err() {
            // After an error there is no order to go on with.
            self.cursors.clear();
            self.ready.clear();
            self.collected = RowBuffer::default();
        }
        next.transpose()
    }
}

impl Cursor {
    fn compare(&self, other: &Self) -> Ordering {
        self.rows.compare(self.at, &other.rows, other.at)
    }

    /// The end of the run of rows that come no later than the next row of `other`; at least one row.
    fn run_until(&self, other: &Self) -> usize {
        let leads = |i: usize| self.rows.compare(i, &other.rows, other.at) != Ordering::Greater;
        let (mut known, mut step) = (self.at, 1);
        while known + step < self.rows.len() && leads(known + step) {
            known += step;
            step *= 2;
        }
        let mut beyond = (known + step).min(self.rows.len());
        while beyond - known > 1 {
            let middle = known + (beyond - known) / 2;
            if leads(middle) { known = middle } else { beyond = middle }
        }
        beyond
    }

    /// Takes the next batch once this one is used up; false at the end of the input.
    fn refill(&mut self) -> Result<bool, LakeError> {
        if self.at < self.rows.len() {
            return Ok(true);
        }
        let Some(batch) = next_filled(&mut self.rest)? else {
            return Ok(false);
        };
        (self.rows, self.batch, self.at) = (Rows::new(&batch), batch, 0);
        Ok(true)
    }
}

fn next_filled(batches: &mut SortedBatches) -> Result<Option<RecordBatch>, LakeError> {
    batches.find(|batch| batch.as_ref().map_or(true, |batch| batch.num_rows() > 0)).transpose()
}
