//! Picks rows of several batches, to be copied together column by column.

use arrow_array::RecordBatch;
use arrow_select::interleave::interleave_record_batch;

use crate::error::LakeError;

/// Rows picked for one batch. The batches they lie in are kept until then.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    batches: Vec<RecordBatch>,
    picks: Vec<(usize, usize)>,
    bytes: usize,
    round: u64,
}

/// Where a batch stands among those that rows are picked of, which is forgotten with each round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    round: u64,
    index: usize,
}

impl Gather {
    /// Rows picked so far.
    pub fn rows(&self) -> usize {
        self.picks.len()
    }

    /// What they count.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Picks the rows `start..end`, which count `bytes`.
    pub fn pick(&mut self, batch: &RecordBatch, place: &mut Place, start: usize, end: usize, bytes: usize) {
        // Rounds count from 1, so that a new place is none of any.
        if place.round != self.round + 1 {
            *place = Place { round: self.round + 1, index: self.batches.len() };
            self.batches.push(batch.clone());
        }
        self.picks.extend((start..end).map(|row| (place.index, row)));
        self.bytes += bytes;
    }

    /// All of them as one batch: a slice where they lie one behind the other. `None` if there are none.
    pub fn take(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        let (Some(&(_, first)), Some(&(_, last))) = (self.picks.first(), self.picks.last()) else { return Ok(None) };
        let batch = match self.batches.as_slice() {
            // Rows of one batch are picked in their order, so they are a stretch of it.
            [only] => only.slice(first, last + 1 - first),
            several => interleave_record_batch(&several.iter().collect::<Vec<_>>(), &self.picks)
                .map_err(|source| LakeError::Rows { doing: "merge", source })?,
        };
        self.clear();
        Ok(Some(batch))
    }

    /// Forgets what was picked.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.picks.clear();
        self.bytes = 0;
        self.round += 1;
    }
}
