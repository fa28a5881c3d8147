//! The encoder: rows of a batch to CSV lines, in one pass, without allocating per cell.

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use thiserror::Error;

use super::column::{Column, Written, is_supported};
use super::{Profile, header};

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
    columns: Vec<(String, DataType)>,
    profile: Profile,
    /// Room for one mark per row of each column, kept from batch to batch.
    marks: Vec<Vec<bool>>,
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
        let columns = schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
        Ok(Self { columns, profile, marks: Vec::new(), escaped_cells: 0, rows_encoded: 0 })
    }

    /// The header line, see [`header`].
    pub fn header(&self) -> Vec<u8> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        header(&names, self.profile)
    }

    /// Appends the rows of a batch to `out`. After an error `out` holds a part of them and is of no use.
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode_rows(batch, out, |_| Ok(()))
    }

    /// As [`CsvEncoder::encode`], with a look at `out` after each row, so that it can be emptied before it grows.
    pub(crate) fn encode_rows<E: From<EncodeError>>(
        &mut self,
        batch: &RecordBatch,
        out: &mut Vec<u8>,
        mut after_row: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.check_columns(batch)?;
        let mut marks = std::mem::take(&mut self.marks);
        marks.resize_with(self.columns.len(), Vec::new);
        let columns = batch.columns().iter().zip(&mut marks);
        let columns = columns.map(|(array, marks)| Column::new(array.as_ref(), self.profile, marks));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            self.encode_row(&columns, row, out)?;
            after_row(out)?;
        }
        drop(columns);
        self.marks = marks;
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
        let same = self.columns.len() == schema.fields().len()
            && self
                .columns
                .iter()
                .zip(schema.fields())
                .all(|((name, data_type), field)| name == field.name() && data_type == field.data_type());
        if same { Ok(()) } else { Err(EncodeError::OtherSchema) }
    }

    fn encode_row(&mut self, columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        for (number, column) in columns.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            match column.push(out, row, self.profile) {
                Some(Written::Plain) => {}
                Some(Written::Escaped) => self.escaped_cells += 1,
                None => return Err(EncodeError::OutOfCalendar { column: self.columns[number].0.clone() }),
            }
        }
        out.extend_from_slice(b"\r\n");
        self.rows_encoded += 1;
        Ok(())
    }
}
