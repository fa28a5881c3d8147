//! The wanted rows of one file, decoded a batch at a time.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use domain::filter::Filter;
use domain::time::Micros;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::errors::ParquetError;

use super::DayCounters;
use super::footer::{OpenFile, unreadable, wrong};
use super::spans::{Span, select};
use crate::error::LakeError;
use crate::rows::{BatchLimits, LastRow, Rows, string_at};
use crate::schema::message_schema;

/// What every file of a slice is read with.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub start: Micros,
    pub end: Micros,
    pub filter: Filter,
}

/// Counters that all files of a day share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<DayCounters>>);

impl Tally {
    /// Changes the counters.
    pub fn add(&self, change: impl FnOnce(&mut DayCounters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The counters now.
    pub fn get(&self) -> DayCounters {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of one file inside the window and let through by the filter; all others are counted.
pub(crate) struct FileRows {
    open: OpenFile,
    wanted: Arc<Wanted>,
    tally: Tally,
    spans: std::vec::IntoIter<Span>,
    reader: Option<ParquetRecordBatchReader>,
    last: LastRow,
}

impl FileRows {
    /// Selects what to decode; pages outside the window are counted here.
    pub fn new(open: OpenFile, wanted: Arc<Wanted>, tally: Tally, limits: BatchLimits) -> Self {
        let selection = select(&open.groups, wanted.start, wanted.end, limits);
        tally.add(|counters| {
            counters.before += selection.before;
            counters.after += selection.after;
        });
        Self { open, wanted, tally, spans: selection.spans.into_iter(), reader: None, last: LastRow::default() }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            let Some(batch) = self.decode()? else { return Ok(None) };
            let batch = self.wanted_rows(batch)?;
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
    }

    /// The next batch as it lies in the file, checked.
    fn decode(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
                let batch = batch.map_err(|error| self.unreadable(ParquetError::External(Box::new(error))))?;
                let batch = RecordBatch::try_new(message_schema(), batch.columns().to_vec());
                let batch = batch.map_err(|source| LakeError::Rows { doing: "read", source })?;
                self.check(&Rows::new(&batch))?;
                return Ok(Some(batch));
            }
            self.reader = match self.spans.next() {
                Some(span) => Some(self.start(span).map_err(|error| self.unreadable(error))?),
                None => return Ok(None),
            };
        }
    }

    fn start(&self, span: Span) -> Result<ParquetRecordBatchReader, ParquetError> {
        let (blocks, metadata) = (self.open.blocks.clone(), self.open.metadata.clone());
        let columns = 1..metadata.parquet_schema().num_columns();
        let projection = ProjectionMask::leaves(metadata.parquet_schema(), columns);
        let rows = [RowSelector::skip(span.rows.start), RowSelector::select(span.rows.len())];
        ParquetRecordBatchReaderBuilder::new_with_metadata(blocks, metadata)
            .with_projection(projection)
            .with_row_groups(vec![span.group])
            .with_row_selection(RowSelection::from(rows.to_vec()))
            .with_batch_size(span.batch_rows)
            .build()
    }

    fn check(&mut self, rows: &Rows) -> Result<(), LakeError> {
        if !self.last.follows(rows)? {
            return Err(wrong(&self.open.file, "its rows are not in order"));
        }
        let file = &self.open.file;
        let within = |i: usize| (file.first_sent_at..=file.last_sent_at).contains(&rows.sent_at(i));
        let ends = [rows.len().checked_sub(1), (rows.len() > 0).then_some(0)];
        match ends.into_iter().flatten().all(within) {
            true => Ok(()),
            false => Err(wrong(file, "it has rows outside its first and last instant")),
        }
    }

    fn wanted_rows(&self, batch: RecordBatch) -> Result<RecordBatch, LakeError> {
        let rows = Rows::new(&batch);
        let times = rows.sent_at.values();
        let from = times.partition_point(|at| *at < self.wanted.start.0);
        let to = times.partition_point(|at| *at < self.wanted.end.0).max(from);
        let inside = batch.slice(from, to - from);
        let passed = self.filtered(inside)?;
        self.tally.add(|counters| {
            counters.before += from as u64;
            counters.after += (rows.len() - to) as u64;
            counters.refused_by_filter += (to - from - passed.num_rows()) as u64;
        });
        Ok(passed)
    }

    fn filtered(&self, batch: RecordBatch) -> Result<RecordBatch, LakeError> {
        let filter = &self.wanted.filter;
        if filter.is_all() {
            return Ok(batch);
        }
        let rows = Rows::new(&batch);
        let passes = |i| filter.lets_through(string_at(&rows.channel, i), string_at(&rows.sender, i));
        let mask: BooleanArray = (0..rows.len()).map(|i| Some(passes(i))).collect();
        filter_record_batch(&batch, &mask).map_err(|source| LakeError::Rows { doing: "filter", source })
    }

    fn unreadable(&self, error: ParquetError) -> LakeError {
        unreadable(&self.open.blocks, &self.open.file, error)
    }
}

impl Iterator for FileRows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
