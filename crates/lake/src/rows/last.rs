//! Remembers the row before a batch: for the check of order, and for repeats across batches.

use std::cmp::Ordering;

use super::{BatchLimits, RowBuffer, Rows};
use crate::error::LakeError;

/// A copy of the last row that went by, so that its batch need not stay in memory.
#[derive(Debug, Default)]
pub(crate) struct LastRow(Option<Rows>);

impl LastRow {
    /// How the remembered row compares with row `i`; `None` if there is no remembered row.
    pub fn compare(&self, rows: &Rows, i: usize) -> Option<Ordering> {
        self.0.as_ref().map(|last| last.compare(0, rows, i))
    }

    /// Remembers the last row of a batch; an empty batch changes nothing.
    pub fn remember(&mut self, rows: &Rows) -> Result<(), LakeError> {
        let Some(at) = rows.len().checked_sub(1) else { return Ok(()) };
        let mut copy = RowBuffer::default();
        copy.push_run(rows, at, at + 1, BatchLimits { rows: 1, bytes: 0 })?;
        self.0 = copy.take()?.map(|batch| Rows::new(&batch));
        Ok(())
    }

    /// Whether the rows go on in the total order, equal rows being fine; if so, remembers their last.
    pub fn follows(&mut self, rows: &Rows) -> Result<bool, LakeError> {
        let joins = rows.len() == 0 || self.compare(rows, 0) != Some(Ordering::Greater);
        if !joins || rows.repeats().is_none() {
            return Ok(false);
        }
        self.remember(rows)?;
        Ok(true)
    }
}
