//! Messages from a Parquet file: the columns of an input message, times as timestamps, attributes as JSON text.
//!
//! Timestamps may have any unit but must be in UTC (`isAdjustedToUTC`): one without a zone names no instant and its column is
//! refused. A row has one refusal, the first in the order of [`FIELDS`].

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema, TimeUnit};
use domain::ids::Slug;
use domain::time::{Micros, TimeError};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use serde_json::value::RawValue;

use super::InputError;
use super::attributes::Compactor;
use super::line::{DEFAULT_KIND, FIELDS};
use super::validate::{Fault, InputLimits, MISSING, NULL, attributes_fault, check_organisation, check_text};
use crate::rows::MessageRow;

/// Rows of a batch at most, and what they should take by the file's own account.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// Reads batches of a Parquet input.
pub(crate) struct ParquetRows {
    reader: ParquetRecordBatchReader,
}

impl ParquetRows {
    /// Opens a file and checks its columns.
    pub fn open(file: File) -> Result<Self, InputError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(InputError::Parquet)?;
        check_columns(builder.schema())?;
        let rows = batch_rows(builder.metadata());
        let reader = builder.with_batch_size(rows).build().map_err(InputError::Parquet)?;
        Ok(Self { reader })
    }

    /// The next batch.
    pub fn next(&mut self) -> Result<Option<ParquetBatch>, InputError> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        batch.and_then(|batch| ParquetBatch::new(&batch)).map(Some).map_err(unreadable)
    }
}

fn unreadable(error: arrow_schema::ArrowError) -> InputError {
    InputError::Parquet(ParquetError::External(Box::new(error)))
}

fn batch_rows(metadata: &ParquetMetaData) -> usize {
    let size = |group: &parquet::file::metadata::RowGroupMetaData| {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0).max(1);
        usize::try_from(group.total_byte_size()).unwrap_or(usize::MAX) / rows
    };
    let row_bytes = metadata.row_groups().iter().map(size).max().unwrap_or(0);
    (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS)
}

fn check_columns(schema: &Schema) -> Result<(), InputError> {
    let fault = |column: &str, reason| Err(InputError::Column { column: column.to_owned(), reason });
    for (place, field) in schema.fields().iter().enumerate() {
        let name = field.name().as_str();
        if !FIELDS.contains(&name) {
            return fault(name, "is not a field of a message");
        }
        if schema.fields()[..place].iter().any(|before| before.name() == name) {
            return fault(name, "stands there twice");
        }
        if let Some(reason) = unfit(name, field.data_type()) {
            return fault(name, reason);
        }
    }
    match ["message_id", "sent_at", "text"].into_iter().find(|name| schema.column_with_name(name).is_none()) {
        Some(name) => fault(name, MISSING),
        None => Ok(()),
    }
}

/// Why a column's type cannot be taken.
fn unfit(name: &str, kind: &DataType) -> Option<&'static str> {
    match (name, kind) {
        ("sent_at" | "edited_at", DataType::Timestamp(_, Some(_))) => None,
        ("sent_at" | "edited_at", DataType::Timestamp(_, None)) => {
            Some("has timestamps without a zone, which name no instant: write them adjusted to UTC")
        }
        ("sent_at" | "edited_at", _) => Some("must hold timestamps"),
        (_, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => None,
        (_, DataType::Dictionary(_, values)) if **values == DataType::Utf8 => None,
        _ => Some("must hold strings"),
    }
}

/// One batch with its columns in the order of [`FIELDS`].
pub(crate) struct ParquetBatch {
    rows: usize,
    strings: [Option<StringArray>; FIELDS.len()],
    sent_at: Option<Times>,
    edited_at: Option<Times>,
}

struct Times {
    values: Int64Array,
    unit: TimeUnit,
}

impl ParquetBatch {
    fn new(batch: &RecordBatch) -> Result<Self, arrow_schema::ArrowError> {
        let mut strings = [const { None }; FIELDS.len()];
        for (place, name) in FIELDS.iter().enumerate().filter(|(_, name)| !name.ends_with("_at")) {
            let column = batch.column_by_name(name).map(|column| cast(column, &DataType::Utf8)).transpose()?;
            strings[place] = column.map(|column| column.as_string::<i32>().clone());
        }
        let time = |name| batch.column_by_name(name).map(Times::new).transpose();
        Ok(Self { rows: batch.num_rows(), strings, sent_at: time("sent_at")?, edited_at: time("edited_at")? })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn string(&self, name: &str, row: usize) -> Option<&str> {
        let place = FIELDS.iter().position(|field| *field == name)?;
        let array = self.strings[place].as_ref()?;
        array.is_valid(row).then(|| array.value(row))
    }
}

impl Times {
    fn new(column: &ArrayRef) -> Result<Self, arrow_schema::ArrowError> {
        let unit = match column.data_type() {
            DataType::Timestamp(unit, _) => *unit,
            _ => TimeUnit::Microsecond,
        };
        Ok(Self { values: cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone(), unit })
    }

    fn at(&self, row: usize) -> Result<Option<Micros>, TimeError> {
        if self.values.is_null(row) {
            return Ok(None);
        }
        let value = self.values.value(row);
        let micros = match self.unit {
            TimeUnit::Second => value.checked_mul(1_000_000),
            TimeUnit::Millisecond => value.checked_mul(1_000),
            TimeUnit::Microsecond => Some(value),
            TimeUnit::Nanosecond if value % 1_000 == 0 => Some(value / 1_000),
            TimeUnit::Nanosecond => return Err(TimeError::TooFine),
        };
        let instant = micros.map(Micros).filter(|at| (Micros::MIN..=Micros::MAX).contains(at));
        instant.map(Some).ok_or(TimeError::OutOfRange)
    }
}

/// Checks rows for one organisation.
pub(crate) struct RowParser {
    organisation: Slug,
    limits: InputLimits,
    compactor: Compactor,
}

impl RowParser {
    /// A reader of rows sent to `organisation`.
    pub fn new(organisation: Slug, limits: InputLimits) -> Self {
        Self { organisation, limits, compactor: Compactor::default() }
    }

    /// Reads one row and hands it on.
    pub fn parse<T>(
        &mut self,
        batch: &ParquetBatch,
        row: usize,
        take: impl FnOnce(&MessageRow<'_>) -> T,
    ) -> Result<T, Fault> {
        let string = |name| text(batch, name, row, &self.limits);
        if batch.strings[0].is_some() {
            check_organisation(
                batch.string("org", row).ok_or_else(|| Fault::of("org", NULL))?,
                self.organisation.as_str(),
            )?;
        }
        let (message_id, channel) = (required("message_id", string("message_id")?)?, string("channel")?);
        let (thread, sender) = (string("thread")?, string("sender")?);
        let sent_at = required("sent_at", time("sent_at", batch.sent_at.as_ref(), row)?)?;
        let edited_at = time("edited_at", batch.edited_at.as_ref(), row)?;
        let (kind, text) = (string("kind")?.unwrap_or(DEFAULT_KIND), required("text", string("text")?)?);
        let attributes = match batch.string("attributes", row) {
            Some(json) => Some(attributes(json, &mut self.compactor, &self.limits)?),
            None => None,
        };
        Ok(take(&MessageRow { message_id, channel, thread, sender, sent_at, edited_at, kind, text, attributes }))
    }
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::of(name, NULL))
}

fn text<'a>(batch: &'a ParquetBatch, name: &str, row: usize, limits: &InputLimits) -> Result<Option<&'a str>, Fault> {
    let value = batch.string(name, row);
    value.map_or(Ok(()), |value| check_text(name, value, limits))?;
    Ok(value)
}

fn time(name: &str, times: Option<&Times>, row: usize) -> Result<Option<Micros>, Fault> {
    times.map_or(Ok(None), |times| times.at(row)).map_err(|error| Fault::of(name, error.to_string()))
}

fn attributes<'c>(json: &str, compactor: &'c mut Compactor, limits: &InputLimits) -> Result<&'c str, Fault> {
    let is_object = json.trim_ascii_start().starts_with('{') && serde_json::from_str::<&RawValue>(json).is_ok();
    if !is_object {
        return Err(Fault::of("attributes", "is not the text of a JSON object"));
    }
    compactor.compact(json, limits.attributes_bytes).map_err(|fault| attributes_fault(fault, limits))
}
