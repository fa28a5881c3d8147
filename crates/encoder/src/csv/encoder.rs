//! The encoder: rows of a batch to CSV lines, some at a time: first their columns, then the rows that these make.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use thiserror::Error;

use super::cells::join;
use super::column::{Column, is_supported, text_bytes};
use super::{Profile, header};

/// Rows that are made at a time, unless their text is more than so many bytes: few enough to stay in the cache of a core.
const ROWS: usize = 1_024;
const TEXT_BYTES: usize = 128 * 1024;

/// Turns batches of one schema into CSV lines.
///
/// | Arrow type | cell |
/// | --- | --- |
/// | Utf8, LargeUtf8, Utf8View, dictionaries of them | text, quoted where needed; empty is `""` |
/// | signed and unsigned integers | decimal |
/// | Decimal128 with a scale of 0 or more | exactly as many decimals as the scale |
/// | Date32 | `YYYY-MM-DD`, years 1-9999 |
/// | Timestamp in microseconds, UTC | `YYYY-MM-DDTHH:MM:SS.ffffffZ`, years 1-9999 |
/// | Boolean | `true`, `false` |
/// | null of any type | empty field |
///
/// A row of a single column that is null is therefore an empty line, and still a record.
pub struct CsvEncoder {
    names: Vec<(String, DataType)>,
    profile: Profile,
    /// The rows being made, kept for their room.
    columns: Vec<Column>,
    text: Vec<u8>,
    escaped_cells: u64,
    rows_encoded: u64,
}

/// Why rows could not be written; nothing of it goes away by trying again.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// A CSV needs at least one column.
    #[error("the schema has no columns")]
    NoColumns,
    /// No form of text is fixed for this type.
    #[error("a column of type {0} cannot be written as csv")]
    UnsupportedType(DataType),
    /// The batch has other columns than the encoder was made for.
    #[error("the batch does not have the columns that the encoder was made for")]
    OtherSchema,
    /// A date or time that has no text of four-digit years.
    #[error("column {column} holds a date or time outside the years 1-9999")]
    OutOfCalendar {
        /// Name of the column.
        column: String,
    },
}

impl EncodeError {
    /// Never: the same rows fail again.
    pub fn retryable(&self) -> bool {
        false
    }
}

impl CsvEncoder {
    /// An encoder for batches with exactly these columns.
    pub fn new(schema: &Schema, profile: Profile) -> Result<Self, EncodeError> {
        if schema.fields().is_empty() {
            return Err(EncodeError::NoColumns);
        }
        if let Some(field) = schema.fields().iter().find(|field| !is_supported(field.data_type())) {
            return Err(EncodeError::UnsupportedType(field.data_type().clone()));
        }
        let names: Vec<_> =
            schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
        let columns = names.iter().map(|_| Column::default()).collect();
        Ok(Self { names, profile, columns, text: Vec::new(), escaped_cells: 0, rows_encoded: 0 })
    }

    /// The header line, see [`header`].
    pub fn header(&self) -> Vec<u8> {
        let names: Vec<&str> = self.names.iter().map(|(name, _)| name.as_str()).collect();
        header(&names, self.profile)
    }

    /// Appends the rows of a batch to `out`. After an error `out` holds a part of them and is of no use.
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode_pieces(batch, |text| {
            out.extend_from_slice(text);
            Ok(())
        })
    }

    /// Hands the rows of a batch on, some at a time.
    pub(crate) fn encode_pieces<E: From<EncodeError>>(
        &mut self,
        batch: &RecordBatch,
        mut hand_on: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.check_columns(batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = some_rows(batch, from);
            from = rows.end;
            self.make(batch, rows)?;
            hand_on(&self.text)?;
        }
        Ok(())
    }

    /// Cells of text columns that got a leading apostrophe so far; always 0 in the profile `rfc4180`.
    pub fn escaped_cells(&self) -> u64 {
        self.escaped_cells
    }

    /// Rows written so far.
    pub fn rows_encoded(&self) -> u64 {
        self.rows_encoded
    }

    fn check_columns(&self, batch: &RecordBatch) -> Result<(), EncodeError> {
        let schema = batch.schema_ref();
        let same = self.names.len() == schema.fields().len()
            && self
                .names
                .iter()
                .zip(schema.fields())
                .all(|((name, data_type), field)| name == field.name() && data_type == field.data_type());
        if same { Ok(()) } else { Err(EncodeError::OtherSchema) }
    }

    /// Makes the text of some rows.
    fn make(&mut self, batch: &RecordBatch, rows: Range<usize>) -> Result<(), EncodeError> {
        for ((column, array), (name, _)) in self.columns.iter_mut().zip(batch.columns()).zip(&self.names) {
            let escaped = column.fill(array, rows.clone(), self.profile);
            self.escaped_cells += escaped.map_err(|_| EncodeError::OutOfCalendar { column: name.clone() })?;
        }
        self.text.clear();
        join(self.columns.iter().map(|column| &column.cells), rows.len(), &mut self.text);
        self.rows_encoded += rows.len() as u64;
        Ok(())
    }
}

/// The rows from one on that are made at a time, at least one.
fn some_rows(batch: &RecordBatch, from: usize) -> Range<usize> {
    let mut rows = from..batch.num_rows().min(from + ROWS);
    let bytes =
        |rows: &Range<usize>| batch.columns().iter().map(|array| text_bytes(array, rows.clone())).sum::<usize>();
    while rows.len() > 1 && bytes(&rows) > TEXT_BYTES {
        rows.end -= rows.len() / 2;
    }
    rows
}
