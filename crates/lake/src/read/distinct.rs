//! Leaves out rows that equal the one before them in every column.

use std::cmp::Ordering;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;

use crate::error::LakeError;
use crate::rows::{LastRow, Merge, Rows};

/// Merged rows without their exact repeats, which the order has made neighbours.
pub(crate) struct Distinct {
    merged: Merge,
    last: LastRow,
    repeats: u64,
}

impl Distinct {
    /// Takes rows in the total order.
    pub fn new(merged: Merge) -> Self {
        Self { merged, last: LastRow::default(), repeats: 0 }
    }

    /// Rows left out so far.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// The next batch that has rows left.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        while let Some(batch) = self.merged.next().transpose()? {
            let batch = self.without_repeats(batch)?;
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    fn without_repeats(&mut self, batch: RecordBatch) -> Result<RecordBatch, LakeError> {
        let rows = Rows::new(&batch);
        let repeats = |i: usize| match i {
            0 => self.last.compare(&rows, 0) == Some(Ordering::Equal),
            _ => rows.compare(i - 1, &rows, i) == Ordering::Equal,
        };
        let kept: Vec<bool> = (0..rows.len()).map(|i| !repeats(i)).collect();
        let found = kept.iter().filter(|kept| !**kept).count();
        self.last.remember(&rows)?;
        if found == 0 {
            return Ok(batch);
        }
        self.repeats += found as u64;
        filter_record_batch(&batch, &BooleanArray::from(kept))
            .map_err(|source| LakeError::Rows { doing: "compare", source })
    }
}
