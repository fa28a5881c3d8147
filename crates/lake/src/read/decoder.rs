//! Decodes columns of a file a batch at a time, and rows of it again where they turn out to matter.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::errors::ParquetError;

use super::Columns;
use super::footer::{OpenFile, unreadable};
use super::spans::Span;
use crate::error::LakeError;
use crate::rows::Rows;

/// Rows of a file, from the first one on.
pub(crate) struct Decoded {
    /// In the order of the file.
    pub batch: RecordBatch,
    /// Where its first row stands in the file.
    pub first_row: usize,
}

/// Decodes the rows of spans, which follow on one another.
pub(crate) struct Decoder {
    open: OpenFile,
    columns: Columns,
    spans: std::vec::IntoIter<Span>,
    reader: Option<ParquetRecordBatchReader>,
    next_row: usize,
    left_in_span: usize,
    /// The row group whose stretches a far file was told of last.
    told: Option<usize>,
}

impl Decoder {
    /// Decodes nothing yet.
    pub fn new(open: OpenFile, columns: Columns, spans: Vec<Span>) -> Self {
        Self { open, columns, spans: spans.into_iter(), reader: None, next_row: 0, left_in_span: 0, told: None }
    }

    /// The file.
    pub fn open(&self) -> &OpenFile {
        &self.open
    }

    /// Whether all is decoded.
    pub fn is_done(&self) -> bool {
        self.left_in_span == 0 && self.spans.len() == 0
    }

    /// The next batch.
    pub fn next(&mut self) -> Result<Option<Decoded>, LakeError> {
        loop {
            if let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
                let batch = self.columns_of(batch.map_err(ParquetError::from), self.columns)?;
                let first_row = self.next_row;
                self.next_row += batch.num_rows();
                self.left_in_span = self.left_in_span.saturating_sub(batch.num_rows());
                return Ok(Some(Decoded { batch, first_row }));
            }
            let Some(span) = self.spans.next() else { return Ok(None) };
            self.next_row = self.group_start(span.group) + span.rows.start;
            self.left_in_span = span.rows.len();
            self.tell(&span);
            let rows = span.rows.clone();
            self.reader = Some(self.start(self.columns, vec![span.group], rows, span.batch_rows)?);
        }
    }

    /// All columns of a few rows of the file, which may lie in several groups.
    pub fn whole_rows(&self, rows: Range<usize>) -> Result<Rows, LakeError> {
        let start = |group: usize| self.group_start(group);
        let groups: Vec<_> = (0..self.open.groups.len())
            .filter(|group| start(*group) < rows.end && rows.start < start(group + 1))
            .collect();
        let before = groups.first().map_or(0, |group| start(*group));
        let reader = self.start(Columns::ALL, groups, rows.start - before..rows.end - before, rows.len().max(1))?;
        let batches = reader.map(|batch| self.columns_of(batch.map_err(ParquetError::from), Columns::ALL));
        let batches = batches.collect::<Result<Vec<_>, _>>()?;
        let batch = concat_batches(&Columns::ALL.schema(), &batches);
        Ok(Rows::new(&batch.map_err(|source| LakeError::Rows { doing: "read", source })?))
    }

    /// Tells a far file what will be read of a span's row group.
    fn tell(&mut self, span: &Span) {
        if !self.open.blocks.is_far() || self.told == Some(span.group) {
            return;
        }
        let later = self.spans.as_slice().iter().take_while(|later| later.group == span.group).last();
        let end = later.map_or(span.rows.end, |later| later.rows.end);
        let columns = self.columns.positions().map(|position| position + 1);
        let stretch = |column| self.open.stretch(span.group, column, span.rows.start..end);
        let stretches: Vec<_> = columns.filter_map(stretch).collect();
        self.open.blocks.will_read(&stretches);
        self.told = Some(span.group);
    }

    fn start(
        &self,
        columns: Columns,
        groups: Vec<usize>,
        rows: Range<usize>,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, LakeError> {
        let (blocks, metadata) = (self.open.blocks.clone(), self.open.metadata.clone());
        // The organisation stands before the columns of the messages.
        let leaves = columns.positions().map(|position| position + 1);
        let projection = ProjectionMask::leaves(metadata.parquet_schema(), leaves);
        let rows = [RowSelector::skip(rows.start), RowSelector::select(rows.len())];
        ParquetRecordBatchReaderBuilder::new_with_metadata(blocks, metadata)
            .with_projection(projection)
            .with_row_groups(groups)
            .with_row_selection(RowSelection::from(rows.to_vec()))
            .with_batch_size(batch_rows)
            .build()
            .map_err(|error| self.unreadable(error))
    }

    fn columns_of(&self, batch: Result<RecordBatch, ParquetError>, columns: Columns) -> Result<RecordBatch, LakeError> {
        let batch = batch.map_err(|error| self.unreadable(error))?;
        let batch = RecordBatch::try_new(columns.schema(), batch.columns().to_vec());
        batch.map_err(|source| LakeError::Rows { doing: "read", source })
    }

    fn unreadable(&self, error: ParquetError) -> LakeError {
        unreadable(&self.open.blocks, &self.open.file, error)
    }

    fn group_start(&self, group: usize) -> usize {
        self.open.groups[..group].iter().map(|group| group.rows).sum()
    }
}
