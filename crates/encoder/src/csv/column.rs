//! One column of a batch as cells; the type is looked at once for many rows.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};

use super::Profile;
use super::cell::{push_decimal, push_profiled_text, push_signed, push_unsigned};
use super::cells::Cells;
use super::text::TextRows;
use crate::civil::{Date, Instant, InstantTexts};

/// Whether cells of this type have a text that is fixed for good.
pub(super) fn is_supported(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null | DataType::Boolean | DataType::Date32 => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Decimal128(_, scale) => *scale >= 0,
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => matches!(&**zone, "UTC" | "+00:00" | "Z"),
        DataType::Dictionary(key, value) => {
            key.is_dictionary_key_type() && matches!(**value, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        }
        other => other.is_integer(),
    }
}

/// The cells of a column, and room that is used again.
#[derive(Default)]
pub(super) struct Column {
    pub(super) cells: Cells,
    marks: Vec<u8>,
}

/// A date or time outside the years 1-9999.
pub(super) struct OutOfCalendar;

impl Column {
    /// Makes the cells of some rows of an array; null is an empty cell. How many got an apostrophe.
    pub(super) fn fill(
        &mut self,
        array: &dyn Array,
        rows: Range<usize>,
        profile: Profile,
    ) -> Result<u64, OutOfCalendar> {
        let cells = &mut self.cells;
        cells.clear();
        match array.data_type() {
            DataType::Null => rows.for_each(|_| cells.end()),
            DataType::Utf8 => {
                return Ok(TextRows::new(array.as_string::<i32>(), rows).write(profile, &mut self.marks, cells));
            }
            DataType::LargeUtf8 => {
                return Ok(TextRows::new(array.as_string::<i64>(), rows).write(profile, &mut self.marks, cells));
            }
            DataType::Utf8View => return Ok(write_texts(array.as_string_view(), rows, profile, cells)),
            DataType::Dictionary(_, _) => return Ok(write_dictionary(array, rows, profile, cells)),
            DataType::Boolean => {
                let word = |value| if value { b"true".as_slice() } else { b"false" };
                write_each(array.as_boolean(), rows, cells, |out, value| out.extend_from_slice(word(value)));
            }
            DataType::Int8 => write_signed::<Int8Type>(array, rows, cells),
            DataType::Int16 => write_signed::<Int16Type>(array, rows, cells),
            DataType::Int32 => write_signed::<Int32Type>(array, rows, cells),
            DataType::Int64 => write_signed::<Int64Type>(array, rows, cells),
            DataType::UInt8 => write_unsigned::<UInt8Type>(array, rows, cells),
            DataType::UInt16 => write_unsigned::<UInt16Type>(array, rows, cells),
            DataType::UInt32 => write_unsigned::<UInt32Type>(array, rows, cells),
            DataType::UInt64 => write_unsigned::<UInt64Type>(array, rows, cells),
            DataType::Decimal128(_, scale) => {
                let scale = scale.unsigned_abs();
                let values = array.as_primitive::<Decimal128Type>();
                write_each(values, rows, cells, |out, value| push_decimal(out, value, scale));
            }
            DataType::Date32 => {
                let text = |days| Date::from_epoch_days(days).map(Date::text);
                return write_times(array.as_primitive::<Date32Type>(), rows, cells, text);
            }
            DataType::Timestamp(_, _) => {
                let mut texts = InstantTexts::default();
                let text = |micros| Instant::from_micros(micros).map(|instant| texts.text(instant));
                return write_times(array.as_primitive::<TimestampMicrosecondType>(), rows, cells, text);
            }
            other => unreachable!("{other} is not among the supported types, which the schema was compared with"),
        }
        Ok(0)
    }
}

/// About how many bytes of text some rows of a column hold.
pub(super) fn text_bytes(array: &dyn Array, rows: Range<usize>) -> usize {
    match array.data_type() {
        DataType::Utf8 => {
            let offsets = array.as_string::<i32>().value_offsets();
            (offsets[rows.end] - offsets[rows.start]) as usize
        }
        DataType::LargeUtf8 => {
            let offsets = array.as_string::<i64>().value_offsets();
            (offsets[rows.end] - offsets[rows.start]) as usize
        }
        // The low half of a view is its length.
        DataType::Utf8View => array.as_string_view().views()[rows].iter().map(|view| *view as u32 as usize).sum(),
        DataType::Dictionary(_, _) => texts_of(array, rows, |text| text.map_or(0, <[u8]>::len)).sum(),
        _ => 0,
    }
}

/// Cells of values that are not null.
fn write_each<A: ArrayAccessor>(
    array: A,
    rows: Range<usize>,
    cells: &mut Cells,
    mut push: impl FnMut(&mut Vec<u8>, A::Item),
) {
    for row in rows {
        if array.is_valid(row) {
            push(&mut cells.bytes, array.value(row));
        }
        cells.end();
    }
}

fn write_signed<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array, rows: Range<usize>, cells: &mut Cells) {
    write_each(array.as_primitive::<T>(), rows, cells, |out, value| push_signed(out, value.into()));
}

fn write_unsigned<T: ArrowPrimitiveType<Native: Into<u64>>>(array: &dyn Array, rows: Range<usize>, cells: &mut Cells) {
    write_each(array.as_primitive::<T>(), rows, cells, |out, value| push_unsigned(out, value.into()));
}

fn write_times<T: ArrowPrimitiveType, const N: usize>(
    array: &PrimitiveArray<T>,
    rows: Range<usize>,
    cells: &mut Cells,
    mut text: impl FnMut(T::Native) -> Option<[u8; N]>,
) -> Result<u64, OutOfCalendar> {
    for row in rows {
        if array.is_valid(row) {
            cells.bytes.extend_from_slice(&text(array.value(row)).ok_or(OutOfCalendar)?);
        }
        cells.end();
    }
    Ok(0)
}

fn write_texts<'a>(
    array: impl ArrayAccessor<Item = &'a str>,
    rows: Range<usize>,
    profile: Profile,
    cells: &mut Cells,
) -> u64 {
    let mut escaped = 0;
    write_each(array, rows, cells, |out, text| escaped += u64::from(push_profiled_text(out, text.as_bytes(), profile)));
    escaped
}

fn write_dictionary(array: &dyn Array, rows: Range<usize>, profile: Profile, cells: &mut Cells) -> u64 {
    let mut escaped = 0;
    let write = |text: Option<&[u8]>| {
        if let Some(text) = text {
            escaped += u64::from(push_profiled_text(&mut cells.bytes, text, profile));
        }
        cells.end();
    };
    texts_of(array, rows, write).for_each(drop);
    escaped
}

/// What `of` makes of the text of each row of a dictionary, `None` for null.
fn texts_of<T>(
    array: &dyn Array,
    rows: Range<usize>,
    mut of: impl FnMut(Option<&[u8]>) -> T,
) -> impl Iterator<Item = T> {
    let array = array.slice(rows.start, rows.len());
    // Without values every key is null, and no key can be looked up.
    let keys = Some(array.as_any_dictionary()).filter(|dictionary| !dictionary.values().is_empty());
    let keys = keys.map(|dictionary| dictionary.normalized_keys());
    let nulls = array.logical_nulls();
    (0..array.len()).map(move |row| {
        let keys = keys.as_ref().filter(|_| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
        of(keys.map(|keys| text_at(array.as_any_dictionary().values(), keys[row])))
    })
}

fn text_at(array: &dyn Array, row: usize) -> &[u8] {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).as_bytes(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).as_bytes(),
        _ => array.as_string_view().value(row).as_bytes(),
    }
}
