//! Merges a few sorted inputs into one, moving runs where one input leads.

use std::cmp::Ordering;
use std::collections::VecDeque;

use arrow_array::RecordBatch;

use super::gather::{Gather, Place};
use super::{BatchLimits, Rows, SortedBatches, run_bytes};
use crate::error::LakeError;

/// From this length on a run is passed on as a slice of its batch instead of being copied.
const SLICE_ROWS: usize = 1024;

/// All rows of all inputs in the total order. Equal rows stay, all of them.
pub(crate) struct Merge {
    /// Inputs that have rows left, the one with the least next row last.
    heads: Vec<Head>,
    gather: Gather,
    ready: VecDeque<RecordBatch>,
    limits: BatchLimits,
}

/// An input and the instant of its next row, which decides almost every comparison without a look at the input.
struct Head {
    at: i64,
    cursor: Box<Cursor>,
}

struct Cursor {
    batch: RecordBatch,
    rows: Rows,
    next: usize,
    place: Place,
    rest: SortedBatches,
}

impl Merge {
    /// Reads the first batch of each input.
    pub fn new(inputs: Vec<SortedBatches>, limits: BatchLimits) -> Result<Self, LakeError> {
        let heads = Vec::with_capacity(inputs.len());
        let mut merge = Self { heads, gather: Gather::default(), ready: VecDeque::new(), limits };
        for mut rest in inputs {
            if let Some(batch) = next_filled(&mut rest)? {
                let (rows, place) = (Rows::new(&batch), Place::default());
                merge.insert(Box::new(Cursor { rows, batch, next: 0, place, rest }));
            }
        }
        Ok(merge)
    }

    fn insert(&mut self, cursor: Box<Cursor>) {
        let head = Head { at: cursor.rows.sent_at.value(cursor.next), cursor };
        let place = self.heads.partition_point(|other| other.compare(&head) == Ordering::Greater);
        self.heads.insert(place, head);
    }

    /// Moves the leading run of the leading input to the output.
    fn step(&mut self, mut leader: Box<Cursor>) -> Result<(), LakeError> {
        let end = match self.heads.last() {
            Some(next) => leader.run_until(next),
            None => leader.rows.len(),
        };
        self.output(&mut leader, end)?;
        leader.next = end;
        if leader.refill()? {
            self.insert(leader);
        }
        Ok(())
    }

    fn output(&mut self, leader: &mut Cursor, end: usize) -> Result<(), LakeError> {
        let alone = self.heads.is_empty() && self.gather.rows() == 0;
        if alone || end - leader.next >= SLICE_ROWS.min(self.limits.rows) {
            self.ready.extend(self.gather.take()?);
            self.ready.push_back(leader.batch.slice(leader.next, end - leader.next));
            return Ok(());
        }
        let mut start = leader.next;
        while start < end {
            let taken = self.pick(leader, start, end);
            if taken == 0 || self.gather.rows() >= self.limits.rows || self.gather.bytes() >= self.limits.bytes {
                self.ready.extend(self.gather.take()?);
            }
            start += taken;
        }
        Ok(())
    }

    /// Picks as many rows as the limits let in, at least one where there are none yet; says how many.
    fn pick(&mut self, leader: &mut Cursor, start: usize, end: usize) -> usize {
        let (rows, bytes) = (self.gather.rows(), self.gather.bytes());
        let mut count = (end - start).min(self.limits.rows.saturating_sub(rows)).max(usize::from(rows == 0));
        let mut more = run_bytes(&leader.rows, start, start + count);
        while count > 1 && bytes + more > self.limits.bytes {
            count = count.div_ceil(2);
            more = run_bytes(&leader.rows, start, start + count);
        }
        if count == 0 || (rows > 0 && bytes + more > self.limits.bytes) {
            return 0;
        }
        self.gather.pick(&leader.batch, &mut leader.place, start, start + count, more);
        count
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            match self.heads.pop() {
                Some(leader) => self.step(leader.cursor)?,
                None => return self.gather.take(),
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
            self.heads.clear();
            self.ready.clear();
            self.gather.clear();
        }
        next.transpose()
    }
}

impl Head {
    fn compare(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at).then_with(|| self.cursor.compare(self.cursor.next, &other.cursor))
    }
}

impl Cursor {
    fn compare(&self, row: usize, other: &Self) -> Ordering {
        self.rows.compare(row, &other.rows, other.next)
    }

    /// The end of the run of rows that come no later than the next row of `other`; at least one row.
    fn run_until(&self, other: &Head) -> usize {
        let times = self.rows.sent_at.values();
        let leads = |row: usize| match times[row].cmp(&other.at) {
            Ordering::Equal => self.compare(row, &other.cursor) != Ordering::Greater,
            order => order == Ordering::Less,
        };
        let (mut known, mut step) = (self.next, 1);
        while known + step < times.len() && leads(known + step) {
            known += step;
            step *= 2;
        }
        let mut beyond = (known + step).min(times.len());
        while beyond - known > 1 {
            let middle = known + (beyond - known) / 2;
            if leads(middle) { known = middle } else { beyond = middle }
        }
        beyond
    }

    /// Takes the next batch once this one is used up; false at the end of the input.
    fn refill(&mut self) -> Result<bool, LakeError> {
        if self.next < self.rows.len() {
            return Ok(true);
        }
        let Some(batch) = next_filled(&mut self.rest)? else {
            return Ok(false);
        };
        (self.rows, self.batch, self.next, self.place) = (Rows::new(&batch), batch, 0, Place::default());
        Ok(true)
    }
}

fn next_filled(batches: &mut SortedBatches) -> Result<Option<RecordBatch>, LakeError> {
    batches.find(|batch| batch.as_ref().map_or(true, |batch| batch.num_rows() > 0)).transpose()
}
