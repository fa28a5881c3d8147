//! The slow, obvious twin of the encoder: it builds each cell as a `String` of its own and shares no code with it.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, TimestampMicrosecondType};
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::Profile;

/// One cell, before quotes.
enum Cell {
    Null,
    /// Text, which may need quotes or an apostrophe.
    Text(String),
    /// Digits and words that never need either.
    Plain(String),
}

/// The rows of a batch as CSV and how many cells got an apostrophe. Panics on types that the encoder refuses: it is a
/// yardstick for tests.
pub fn encode(batch: &RecordBatch, profile: Profile) -> (String, u64) {
    let (mut text, mut escaped_cells) = (String::new(), 0);
    for row in 0..batch.num_rows() {
        let mut cells = Vec::new();
        for column in batch.columns() {
            cells.push(match cell(column.as_ref(), row) {
                Cell::Null => String::new(),
                Cell::Plain(plain) => plain,
                Cell::Text(value) if profile == Profile::Spreadsheet && looks_like_a_formula(&value) => {
                    escaped_cells += 1;
                    quoted_where_needed(format!("'{value}"))
                }
                Cell::Text(value) => quoted_where_needed(value),
            });
        }
        text += &cells.join(",");
        text += "\r\n";
    }
    (text, escaped_cells)
}

fn looks_like_a_formula(text: &str) -> bool {
    matches!(text.chars().next(), Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'))
}

fn quoted_where_needed(text: String) -> String {
    if text.is_empty() || text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn cell(array: &dyn Array, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Null;
    }
    match array.data_type() {
        DataType::Null => Cell::Null,
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Cell::Text(array.as_string_view().value(row).to_owned()),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            cell(dictionary.values().as_ref(), dictionary.normalized_keys()[row])
        }
        DataType::Boolean => Cell::Plain(array.as_boolean().value(row).to_string()),
        DataType::Int8 => Cell::Plain(array.as_primitive::<Int8Type>().value(row).to_string()),
        DataType::Int16 => Cell::Plain(array.as_primitive::<Int16Type>().value(row).to_string()),
        DataType::Int32 => Cell::Plain(array.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int64 => Cell::Plain(array.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::UInt8 => Cell::Plain(array.as_primitive::<UInt8Type>().value(row).to_string()),
        DataType::UInt16 => Cell::Plain(array.as_primitive::<UInt16Type>().value(row).to_string()),
        DataType::UInt32 => Cell::Plain(array.as_primitive::<UInt32Type>().value(row).to_string()),
        DataType::UInt64 => Cell::Plain(array.as_primitive::<UInt64Type>().value(row).to_string()),
        DataType::Decimal128(_, _) => Cell::Plain(array.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Date32 => Cell::Plain(date(array.as_primitive::<Date32Type>().value(row).into())),
        DataType::Timestamp(_, _) => {
            Cell::Plain(timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        other => panic!("no text is fixed for {other}"),
    }
}

fn timestamp(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let seconds = rest / 1_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{:06}Z", date(days), rest % 1_000_000)
}

/// Counts off years and months one by one, as one would with a paper calendar.
fn date(days_from_1970: i64) -> String {
    const DAYS_BEFORE_1970: i64 = 719_162;
    let mut days = days_from_1970 + DAYS_BEFORE_1970;
    let mut year = 1;
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
