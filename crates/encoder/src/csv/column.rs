//! The columns of one batch, ready to write any of their cells.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::cell::{push_decimal, push_signed, push_unsigned};
use super::text::Text;
use super::{EncodeError, Profile};
use crate::civil::{Date, Instant};

/// Whether a column of this type can be written.
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

/// One column of a batch.
pub(super) struct Column<'a> {
    nulls: Option<NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Null,
    Text(Text<'a>),
    Dictionary { keys: Vec<usize>, values: Text<'a> },
    Boolean(&'a BooleanArray),
    Int8(&'a PrimitiveArray<Int8Type>),
    Int16(&'a PrimitiveArray<Int16Type>),
    Int32(&'a PrimitiveArray<Int32Type>),
    Int64(&'a PrimitiveArray<Int64Type>),
    UInt8(&'a PrimitiveArray<UInt8Type>),
    UInt16(&'a PrimitiveArray<UInt16Type>),
    UInt32(&'a PrimitiveArray<UInt32Type>),
    UInt64(&'a PrimitiveArray<UInt64Type>),
    Decimal { array: &'a Decimal128Array, scale: u8 },
    Date(&'a PrimitiveArray<Date32Type>),
    Timestamp(&'a PrimitiveArray<TimestampMicrosecondType>),
}

/// What writing a cell came to.
pub(super) enum Written {
    Plain,
    Escaped,
}

impl<'a> Column<'a> {
    /// Looks at an array as its type says; the type was asked for in the schema. `marks` is only room.
    pub(super) fn new(array: &'a dyn Array, profile: Profile, marks: &'a mut Vec<bool>) -> Result<Self, EncodeError> {
        let values =
            values_of(array, profile, marks).ok_or_else(|| EncodeError::UnsupportedType(array.data_type().clone()))?;
        Ok(Self { nulls: array.logical_nulls(), values })
    }

    /// Writes one cell; null is an empty field. `None` where a date or time lies outside the years 1-9999.
    pub(super) fn push(&self, out: &mut Vec<u8>, row: usize, profile: Profile) -> Option<Written> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Some(Written::Plain);
        }
        match &self.values {
            Values::Null => {}
            Values::Text(text) => return Some(text.push(out, row, profile)),
            Values::Dictionary { keys, values } => return Some(values.push(out, keys[row], profile)),
            Values::Boolean(array) => out.extend_from_slice(if array.value(row) { b"true" } else { b"false" }),
            Values::Int8(array) => push_signed(out, array.value(row).into()),
            Values::Int16(array) => push_signed(out, array.value(row).into()),
            Values::Int32(array) => push_signed(out, array.value(row).into()),
            Values::Int64(array) => push_signed(out, array.value(row)),
            Values::UInt8(array) => push_unsigned(out, array.value(row).into()),
            Values::UInt16(array) => push_unsigned(out, array.value(row).into()),
            Values::UInt32(array) => push_unsigned(out, array.value(row).into()),
            Values::UInt64(array) => push_unsigned(out, array.value(row)),
            Values::Decimal { array, scale } => push_decimal(out, array.value(row), *scale),
            Values::Date(array) => out.extend_from_slice(&Date::from_epoch_days(array.value(row))?.text()),
            Values::Timestamp(array) => out.extend_from_slice(&Instant::from_micros(array.value(row))?.text()),
        }
        Some(Written::Plain)
    }
}

fn values_of<'a>(array: &'a dyn Array, profile: Profile, marks: &'a mut Vec<bool>) -> Option<Values<'a>> {
    let data_type = array.data_type();
    if !is_supported(data_type) {
        return None;
    }
    Some(match data_type {
        DataType::Null => Values::Null,
        DataType::Boolean => Values::Boolean(array.as_boolean()),
        DataType::Int8 => Values::Int8(array.as_primitive()),
        DataType::Int16 => Values::Int16(array.as_primitive()),
        DataType::Int32 => Values::Int32(array.as_primitive()),
        DataType::Int64 => Values::Int64(array.as_primitive()),
        DataType::UInt8 => Values::UInt8(array.as_primitive()),
        DataType::UInt16 => Values::UInt16(array.as_primitive()),
        DataType::UInt32 => Values::UInt32(array.as_primitive()),
        DataType::UInt64 => Values::UInt64(array.as_primitive()),
        DataType::Date32 => Values::Date(array.as_primitive()),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Values::Timestamp(array.as_primitive()),
        DataType::Decimal128(_, scale) => {
            Values::Decimal { array: array.as_primitive::<Decimal128Type>(), scale: u8::try_from(*scale).ok()? }
        }
        DataType::Dictionary(_, _) => dictionary(array, profile, marks)?,
        _ => Values::Text(Text::new(array, profile, marks)?),
    })
}

fn dictionary<'a>(array: &'a dyn Array, profile: Profile, marks: &'a mut Vec<bool>) -> Option<Values<'a>> {
    let dictionary = array.as_any_dictionary();
    if dictionary.values().is_empty() {
        // Then every key is null.
        return Some(Values::Null);
    }
    let values = Text::new(dictionary.values().as_ref(), profile, marks)?;
    Some(Values::Dictionary { keys: dictionary.normalized_keys(), values })
}
