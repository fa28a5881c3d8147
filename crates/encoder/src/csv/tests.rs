//! Cells one by one, and the encoder against its slow twin over random schemas and batches.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int8Array, Int32Array, Int64Array,
    LargeStringArray, NullArray, RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, UInt16Array,
    UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use proptest::prelude::*;

use super::reference;
use super::*;

fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
    let fields = columns
        .iter()
        .enumerate()
        .map(|(number, array)| Field::new(format!("c{number}"), array.data_type().clone(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns).unwrap()
}

fn encoded(batch: &RecordBatch, profile: Profile) -> (String, u64) {
    let mut encoder = CsvEncoder::new(batch.schema_ref(), profile).unwrap();
    let mut out = Vec::new();
    encoder.encode(batch, &mut out).unwrap();
    assert_eq!(encoder.rows_encoded(), batch.num_rows() as u64);
    (String::from_utf8(out).unwrap(), encoder.escaped_cells())
}

fn check(column: impl Array + 'static, expected: &[&str]) {
    let lines = expected.iter().map(|cell| format!("{cell}\r\n")).collect::<String>();
    assert_eq!(encoded(&batch(vec![Arc::new(column)]), Profile::Rfc4180), (lines, 0));
}

#[test]
fn text_is_quoted_only_where_needed() {
    let texts = vec![
        Some("plain"),
        Some(""),
        None,
        Some("a,b"),
        Some("say \"hi\""),
        Some("\""),
        Some("a\rb"),
        Some("a\nb"),
        Some(" é\u{1f980} "),
    ];
    let cells =
        ["plain", "\"\"", "", "\"a,b\"", "\"say \"\"hi\"\"\"", "\"\"\"\"", "\"a\rb\"", "\"a\nb\"", " é\u{1f980} "];
    check(StringArray::from(texts.clone()), &cells);
    check(LargeStringArray::from(texts.clone()), &cells);
    check(StringViewArray::from(texts.clone()), &cells);
    check(texts.into_iter().collect::<DictionaryArray<Int32Type>>(), &cells);
}

#[test]
fn special_characters_are_seen_anywhere_in_long_text() {
    for position in 0..100 {
        for special in [",", "\"", "\r", "\n"] {
            let text = format!("{}{special}{}", "x".repeat(position), "y".repeat(99 - position));
            let cell = format!("\"{}\"", text.replace('"', "\"\""));
            check(StringArray::from(vec![text]), &[&cell]);
        }
    }
}

#[test]
fn numbers_dates_and_times() {
    check(Int8Array::from(vec![Some(i8::MIN), Some(0), None, Some(i8::MAX)]), &["-128", "0", "", "127"]);
    check(Int64Array::from(vec![i64::MIN, i64::MAX]), &["-9223372036854775808", "9223372036854775807"]);
    check(UInt64Array::from(vec![u64::MAX]), &["18446744073709551615"]);
    check(BooleanArray::from(vec![Some(true), None, Some(false)]), &["true", "", "false"]);
    check(Date32Array::from(vec![-719_162, 0, 2_932_896]), &["0001-01-01", "1970-01-01", "9999-12-31"]);
    check(NullArray::new(2), &["", ""]);
    let decimal = |values: Vec<i128>, scale| Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap();
    check(decimal(vec![0, 5, -5, 1_234, -99_900], 2), &["0.00", "0.05", "-0.05", "12.34", "-999.00"]);
    check(decimal(vec![-7, 0], 0), &["-7", "0"]);
    check(decimal(vec![10_i128.pow(38) - 1], 38), &["0.99999999999999999999999999999999999999"]);
    let times = vec![-62_135_596_800_000_000, -1, 253_402_300_799_999_999];
    let cells = ["0001-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"];
    check(TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC"), &cells);
    check(TimestampMicrosecondArray::from(times).with_timezone("+00:00"), &cells);
}

#[test]
fn dictionaries_know_two_kinds_of_null() {
    let keys = Int32Array::from(vec![Some(0), Some(1), None]);
    let values = Arc::new(StringArray::from(vec![Some("a"), None]));
    check(DictionaryArray::new(keys, values), &["a", "", ""]);
    let no_values = Arc::new(StringArray::from(Vec::<Option<&str>>::new()));
    check(DictionaryArray::new(Int32Array::from(vec![None, None]), no_values), &["", ""]);
}

#[test]
fn spreadsheets_get_an_apostrophe_in_text_columns_only() {
    let check = |text: &str, cell: &str| {
        let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(vec![text])), Arc::new(Int8Array::from(vec![-1]))];
        let escaped = u64::from(cell.trim_start_matches('"').starts_with('\''));
        assert_eq!(encoded(&batch(columns), Profile::Spreadsheet), (format!("{cell},-1\r\n"), escaped), "{text:?}");
    };
    for start in ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"] {
        check(&format!("{start}1"), &format!("'{start}1"));
    }
    check("\r1", "\"'\r1\"");
    check("=A1,\"x\"", "\"'=A1,\"\"x\"\"\"");
    for text in ["a=1", " =1", "１", "１=1"] {
        check(text, text);
    }
    check("", "\"\"");
    check("\n=1", "\"\n=1\"");
}

#[test]
fn header_lines() {
    assert_eq!(header(&["a", "b c"], Profile::Rfc4180), b"a,b c\r\n");
    assert_eq!(header(&["a,b"], Profile::Rfc4180), b"\"a,b\"\r\n");
    assert_eq!(header(&["a"], Profile::Spreadsheet), "\u{feff}a\r\n".as_bytes());
}

#[test]
fn what_has_no_text_is_refused() {
    let schema = |data_type| Schema::new(vec![Field::new("c", data_type, true)]);
    for data_type in [
        DataType::Float64,
        DataType::Binary,
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Berlin".into())),
        DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        DataType::Decimal128(10, -2),
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int8)),
    ] {
        let made = CsvEncoder::new(&schema(data_type.clone()), Profile::Rfc4180);
        assert!(matches!(made, Err(EncodeError::UnsupportedType(refused)) if refused == data_type));
    }
    assert!(matches!(CsvEncoder::new(&Schema::empty(), Profile::Rfc4180), Err(EncodeError::NoColumns)));

    let late =
        batch(vec![Arc::new(TimestampMicrosecondArray::from(vec![253_402_300_800_000_000]).with_timezone("UTC"))]);
    let mut encoder = CsvEncoder::new(late.schema_ref(), Profile::Rfc4180).unwrap();
    let outcome = encoder.encode(&late, &mut Vec::new());
    assert!(matches!(outcome, Err(EncodeError::OutOfCalendar { column }) if column == "c0"));
    let other = batch(vec![Arc::new(Int8Array::from(vec![1]))]);
    assert!(matches!(encoder.encode(&other, &mut Vec::new()), Err(EncodeError::OtherSchema)));
}

/// Text with everything that quoting and escaping look at.
fn text() -> impl Strategy<Value = Option<String>> {
    let piece = prop_oneof![
        Just(","),
        Just("\""),
        Just("\r"),
        Just("\n"),
        Just("\r\n"),
        Just("="),
        Just("＠"),
        Just("\t"),
        Just("-"),
        Just("a"),
        Just("ß"),
        Just("\u{1f980}"),
        Just("plain words without anything special in them, "),
        Just(""),
    ];
    prop::option::weighted(0.9, prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()))
}

fn column(rows: usize) -> BoxedStrategy<ArrayRef> {
    let texts = move || prop::collection::vec(text(), rows);
    let days = -719_162..=2_932_896;
    let micros = -62_135_596_800_000_000..=253_402_300_799_999_999_i64;
    let list = move |values: BoxedStrategy<i64>| prop::collection::vec(prop::option::weighted(0.9, values), rows);
    let decimals = prop::collection::vec(prop::option::of(-(10_i128.pow(20))..10_i128.pow(20)), rows);
    fn array(values: impl Array + 'static) -> ArrayRef {
        Arc::new(values)
    }
    prop_oneof![
        texts().prop_map(|texts| array(StringArray::from(texts))),
        texts().prop_map(|texts| array(LargeStringArray::from(texts))),
        texts().prop_map(|texts| array(StringViewArray::from(texts))),
        texts().prop_map(|texts| array(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())),
        list(any::<i64>().boxed()).prop_map(|values| array(Int64Array::from(values))),
        prop::collection::vec(any::<Option<u16>>(), rows).prop_map(|values| array(UInt16Array::from(values))),
        prop::collection::vec(any::<Option<bool>>(), rows).prop_map(|values| array(BooleanArray::from(values))),
        prop::collection::vec(prop::option::of(days), rows).prop_map(|days| array(Date32Array::from(days))),
        list(micros.boxed()).prop_map(|micros| array(TimestampMicrosecondArray::from(micros).with_timezone("+00:00"))),
        (decimals, 0..20_i8).prop_map(|(values, scale)| array(
            Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap()
        )),
        Just(array(NullArray::new(rows))),
    ]
    .boxed()
}

fn any_batch() -> impl Strategy<Value = RecordBatch> {
    (0..12_usize).prop_flat_map(|rows| prop::collection::vec(column(rows), 1..7)).prop_map(batch)
}

/// Batches that are made in several goes, with rows longer than any of them.
#[test]
fn many_rows_and_long_ones_are_as_the_twin_has_them() {
    let text = |row: usize| match row % 7 {
        0 => None,
        1 => Some(String::new()),
        2 => Some("x,\"y\"\r".repeat(row % 50)),
        3 if row % 500 == 3 => Some("long, \"quoted\" and\nbroken ".repeat(9_000)),
        _ => Some(format!("plain {row}")),
    };
    let texts: Vec<_> = (0..5_000).map(text).collect();
    let whole = batch(vec![
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(Int64Array::from_iter((0..5_000).map(|row| (row % 3 > 0).then_some(row * 7_919)))),
        Arc::new(StringViewArray::from(texts.clone())),
        Arc::new(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>()),
        Arc::new(LargeStringArray::from(texts)),
    ]);
    for part in [whole.clone(), whole.slice(1_999, 2_500)] {
        for profile in [Profile::Rfc4180, Profile::Spreadsheet] {
            assert!(encoded(&part, profile) == reference::encode(&part, profile));
        }
    }
}

/// What lies under a null is nobody's.
#[test]
fn bytes_under_a_null_are_not_written() {
    let offsets = OffsetBuffer::from_lengths([3, 4, 5, 0, 2]);
    let nulls = NullBuffer::from(vec![true, false, true, false, false]);
    let array = StringArray::new(offsets, "abc,\"\r\nd\n,efgh".as_bytes().into(), Some(nulls));
    check(array.clone(), &["abc", "", "\"d\n,ef\"", "", ""]);
    check(array.slice(1, 3), &["", "\"d\n,ef\"", ""]);
}

proptest! {
    #[test]
    fn encoder_and_twin_agree_however_rows_are_cut(batch in any_batch(), cuts in prop::collection::vec(0..12_usize, 0..4)) {
        for profile in [Profile::Rfc4180, Profile::Spreadsheet] {
            let expected = reference::encode(&batch, profile);
            prop_assert_eq!(encoded(&batch, profile), expected.clone());

            let mut encoder = CsvEncoder::new(batch.schema_ref(), profile).unwrap();
            let (mut out, mut from) = (Vec::new(), 0);
            for length in cuts.iter().copied().chain([usize::MAX]) {
                let length = length.min(batch.num_rows() - from);
                encoder.encode(&batch.slice(from, length), &mut out).unwrap();
                from += length;
            }
            prop_assert_eq!((String::from_utf8(out).unwrap(), encoder.escaped_cells()), expected);
        }
    }
}
