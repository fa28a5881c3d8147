//! Parquet inputs: columns, types, rows.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::error::LakeError;
use crate::ingest::{IngestOptions, Input, InputError, Staged, stage};

struct Case {
    folder: TempDir,
    columns: Vec<(&'static str, ArrayRef)>,
}

fn strings<const N: usize>(values: [Option<&str>; N]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn times<const N: usize>(values: [Option<i64>; N]) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values.to_vec()).with_timezone("UTC"))
}

impl Case {
    fn new(columns: Vec<(&'static str, ArrayRef)>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), columns }
    }

    /// One row with the required columns.
    fn bare() -> Self {
        Self::new(vec![
            ("message_id", strings([Some("m")])),
            ("sent_at", times([Some(5)])),
            ("text", strings([Some("t")])),
        ])
    }

    /// Replaces a column, or adds it.
    fn with(mut self, name: &'static str, column: ArrayRef) -> Self {
        self.columns.retain(|(other, _)| *other != name);
        self.columns.push((name, column));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.columns.retain(|(other, _)| *other != name);
        self
    }

    fn write(&self) -> PathBuf {
        let path = self.folder.path().join("input.parquet");
        let batch = RecordBatch::try_from_iter(self.columns.iter().cloned()).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }

    fn stage(&self) -> Result<Staged, LakeError> {
        let options = IngestOptions { skip_refused: true, ..IngestOptions::default() };
        stage(&"acme".parse().unwrap(), Input::File(self.write()), self.folder.path(), &options)
    }

    #[track_caller]
    fn taken(&self, first: i64, rows: u64) {
        let staged = self.stage().unwrap();
        assert_eq!((staged.accepted, staged.refused.as_slice()), (rows, &[][..]));
        assert_eq!(staged.files[0].file.first_sent_at.0, first);
    }

    #[track_caller]
    fn column_refused(&self, column: &str, reason: &str) {
        match self.stage() {
            Err(LakeError::Input(InputError::Column { column: name, reason: why })) => {
                assert_eq!((name.as_str(), why), (column, reason))
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn rows_refused(&self, expected: &[(u64, &str, &str)]) {
        let refused = self.stage().unwrap().refused;
        let listed: Vec<_> =
            refused.iter().map(|r| (r.line, r.field.as_deref().unwrap_or(""), r.reason.as_str())).collect();
        assert_eq!(listed, expected);
    }
}

#[test]
fn every_string_and_timestamp_type_is_taken() {
    Case::bare().taken(5, 1);
    let dictionary: DictionaryArray<Int32Type> = vec!["kind"].into_iter().collect();
    Case::bare()
        .with("channel", Arc::new(LargeStringArray::from(vec!["c"])))
        .with("thread", Arc::new(StringViewArray::from(vec!["t"])))
        .with("kind", Arc::new(dictionary))
        .with("sender", strings([None]))
        .with("org", strings([Some("acme")]))
        .with("edited_at", times([None]))
        .with("attributes", strings([Some(" {\"a\" : 1}")]))
        .taken(5, 1);
    Case::bare()
        .with("sent_at", Arc::new(TimestampSecondArray::from(vec![-7]).with_timezone("UTC")))
        .taken(-7_000_000, 1);
    Case::bare()
        .with("sent_at", Arc::new(TimestampMillisecondArray::from(vec![7]).with_timezone("+02:00")))
        .taken(7_000, 1);
    Case::bare()
        .with("sent_at", Arc::new(TimestampNanosecondArray::from(vec![-7000]).with_timezone("UTC")))
        .taken(-7, 1);
}

#[test]
fn columns_that_cannot_be_taken_are_named() {
    Case::bare().with("body", strings([None])).column_refused("body", "is not a field of a message");
    Case::bare().without("text").column_refused("text", "is missing");
    let local = "has timestamps without a zone, which name no instant: write them adjusted to UTC";
    Case::bare().with("sent_at", Arc::new(TimestampMicrosecondArray::from(vec![1]))).column_refused("sent_at", local);
    Case::bare()
        .with("sent_at", strings([Some("1970-01-01T00:00:00Z")]))
        .column_refused("sent_at", "must hold timestamps");
    Case::bare().with("text", Arc::new(Int64Array::from(vec![1]))).column_refused("text", "must hold strings");
}

#[test]
fn rows_are_refused_by_number_and_field() {
    let all = |value: &'static str| strings([Some(value); 3]);
    let three = || {
        Case::bare()
            .with("message_id", all("m"))
            .with("text", all("t"))
            .with("sent_at", times([Some(1), Some(2), Some(3)]))
    };
    let (null, too_long) = ("must not be null", "x".repeat(257));
    three().with("text", strings([Some("t"), None, Some("")])).rows_refused(&[(2, "text", null)]);
    three()
        .with("sent_at", times([None, Some(1), Some(i64::MAX)]))
        .rows_refused(&[(1, "sent_at", null), (3, "sent_at", "lies outside the years 1-9999 (UTC)")]);
    three().with("message_id", strings([Some(""), Some(&too_long), None])).rows_refused(&[
        (1, "message_id", "must not be empty"),
        (2, "message_id", "is 257 bytes long, the limit is 256"),
        (3, "message_id", null),
    ]);
    three()
        .with("org", strings([Some("acme"), Some("other"), None]))
        .rows_refused(&[(2, "org", "is not the organisation this is sent to"), (3, "org", null)]);
    three().with("attributes", strings([Some("[]"), Some("{\"a\":1,\"a\":2}"), Some("{")])).rows_refused(&[
        (1, "attributes", "is not the text of a JSON object"),
        (2, "attributes", "has an object with a repeated key"),
        (3, "attributes", "is not the text of a JSON object"),
    ]);
    let nanos = TimestampNanosecondArray::from(vec![1000, 1001, 2000]).with_timezone("UTC");
    three().with("edited_at", Arc::new(nanos)).rows_refused(&[(
        2,
        "edited_at",
        "has more than six decimals of a second",
    )]);
    let seconds = TimestampSecondArray::from(vec![1, i64::MAX, 2]).with_timezone("UTC");
    three().with("sent_at", Arc::new(seconds)).rows_refused(&[(2, "sent_at", "lies outside the years 1-9999 (UTC)")]);
}

#[test]
fn the_key_is_the_hash_of_the_file() {
    let case = Case::bare();
    let path = case.write();
    let hash = blake3::hash(&std::fs::read(path).unwrap()).to_hex().to_string();
    assert_eq!(case.stage().unwrap().batch_key, hash);
}

#[test]
fn what_is_no_parquet_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    std::fs::write(&path, b"PAR1 but no more").unwrap();
    let staged = stage(&"acme".parse().unwrap(), Input::File(path), folder.path(), &IngestOptions::default());
    assert!(matches!(staged, Err(LakeError::Input(InputError::Parquet(_)))));
}
