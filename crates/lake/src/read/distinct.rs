//! Leaves out rows that equal the one before them in every column.

use std::cmp::Ordering;
use std::collections::VecDeque;

use arrow_array::RecordBatch;

use super::Columns;
use crate::error::LakeError;
use crate::rows::{LastRow, Merge, Rows, without};

/// Merged rows without their exact repeats, which the order has made neighbours.
pub(crate) struct Distinct {
    merged: Merge,
    given: Columns,
    last: LastRow,
    repeats: u64,
    ready: VecDeque<RecordBatch>,
}

impl Distinct {
    /// Takes whole rows in the total order, and gives some of their columns.
    pub fn new(merged: Merge, given: Columns) -> Self {
        Self { merged, given, last: LastRow::default(), repeats: 0, ready: VecDeque::new() }
    }

    /// Rows left out so far.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// The next batch that has rows left.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            let Some(batch) = self.merged.next().transpose()? else { return Ok(None) };
            self.take(&batch)?;
        }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let rows = Rows::new(batch);
        // Merged rows are in order, since those of the files are.
        let mut repeats = rows.repeats().unwrap_or_default();
        if rows.len() > 0 && self.last.compare(&rows, 0) == Some(Ordering::Equal) {
            repeats.insert(0, 0);
        }
        self.last.remember(&rows)?;
        self.repeats += repeats.len() as u64;
        let kept = without(&self.given.of(batch, Columns::ALL)?, 0..rows.len(), &repeats)?;
        self.ready.extend(kept.into_iter().filter(|batch| batch.num_rows() > 0));
        Ok(())
    }
}
