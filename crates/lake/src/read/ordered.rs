//! Reads a slice from its first row to its last, and accounts for every row of its files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use domain::time::Day;

use super::day::{DayReader, DayRows};
use super::file_rows::Wanted;
use super::footer::wrong;
use super::{DayCounters, ReadLimits, ReadRequest};
use crate::error::LakeError;
use crate::file::DataFile;
use crate::parquet::BlockStore;

/// The wanted rows of a slice as batches of the columns asked for, in the total order over all its days,
/// without exact repeats. Reading blocks; after an error nothing more comes.
///
/// The total order: sent_at, message_id, then the other columns in contract order, null first, strings bytewise.
pub struct OrderedRows {
    store: Arc<dyn BlockStore>,
    wanted: Arc<Wanted>,
    limits: ReadLimits,
    spill_folder: PathBuf,
    /// Days not begun, the next one first.
    days: BTreeMap<Day, Vec<DataFile>>,
    current: Option<DayRows>,
    counters: BTreeMap<Day, DayCounters>,
    failed: bool,
}

impl OrderedRows {
    /// Reads nothing yet.
    ///
    /// # Errors
    /// [`LakeError::Corrupt`] if a file is not the organisation's.
    pub fn open(request: ReadRequest) -> Result<Self, LakeError> {
        let ReadRequest { store, organisation, files, start, end, filter, columns, spill_folder, limits } = request;
        let mut days: BTreeMap<Day, Vec<DataFile>> = BTreeMap::new();
        for file in files {
            if file.organisation != organisation {
                return Err(wrong(&file, "it is not a file of the organisation"));
            }
            days.entry(file.day).or_default().push(file);
        }
        let wanted = Arc::new(Wanted { start, end, filter, columns });
        let (current, counters, failed) = (None, BTreeMap::new(), false);
        Ok(Self { store, wanted, limits, spill_folder, days, current, counters, failed })
    }

    /// The counters of each UTC day of the files, once every row was read.
    ///
    /// For each day they add up to the rows of its files; a day for which they did not has ended the rows with an error.
    ///
    /// # Errors
    /// [`LakeError::Unfinished`] if the iterator did not come to its end.
    pub fn finish(self) -> Result<BTreeMap<Day, DayCounters>, LakeError> {
        let ended = self.days.is_empty() && self.current.is_none() && !self.failed;
        if ended { Ok(self.counters) } else { Err(LakeError::Unfinished) }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(mut day) = self.current.take() {
                if let Some(batch) = day.next()? {
                    self.current = Some(day);
                    return Ok(Some(batch));
                }
                let (day, counters) = day.finish()?;
                self.counters.insert(day, counters);
            }
            let Some((day, files)) = self.days.pop_first() else { return Ok(None) };
            self.current = Some(self.reader().open(day, files)?);
        }
    }

    fn reader(&self) -> DayReader<'_> {
        DayReader { store: &self.store, wanted: &self.wanted, limits: self.limits, spill_folder: &self.spill_folder }
    }
}

impl Iterator for OrderedRows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}
