//! The text of a column, and which of its rows are more than their bytes.

use arrow_array::cast::AsArray;
use arrow_array::{Array, OffsetSizeTrait, StringViewArray};
use arrow_schema::DataType;

use super::Profile;
use super::cell::{find_special, push_profiled_text, starts_a_formula};
use super::column::Written;

/// Text with a mark at each row that needs quotes, an apostrophe, or a look whether it does.
pub(super) struct Text<'a> {
    values: Values<'a>,
    marked: &'a [bool],
}

enum Values<'a> {
    Utf8(&'a [i32], &'a [u8]),
    LargeUtf8(&'a [i64], &'a [u8]),
    Utf8View(&'a StringViewArray),
}

impl<'a> Text<'a> {
    /// The values of an array of text, in one pass over their bytes; `None` for other arrays. `marks` is only room.
    pub(super) fn new(array: &'a dyn Array, profile: Profile, marks: &'a mut Vec<bool>) -> Option<Self> {
        marks.clear();
        marks.resize(array.len(), false);
        let values = match array.data_type() {
            DataType::Utf8 => {
                let array = array.as_string::<i32>();
                Values::Utf8(array.value_offsets(), array.value_data())
            }
            DataType::LargeUtf8 => {
                let array = array.as_string::<i64>();
                Values::LargeUtf8(array.value_offsets(), array.value_data())
            }
            DataType::Utf8View => Values::Utf8View(array.as_string_view()),
            _ => return None,
        };
        values.mark_special(marks);
        for (row, mark) in marks.iter_mut().enumerate() {
            let bytes = values.bytes(row);
            *mark |= bytes.is_empty() || profile == Profile::Spreadsheet && starts_a_formula(bytes);
        }
        Some(Self { values, marked: marks })
    }

    /// Writes the cell of a row that is not null.
    #[inline]
    pub(super) fn push(&self, out: &mut Vec<u8>, row: usize, profile: Profile) -> Written {
        let bytes = self.values.bytes(row);
        if self.marked[row] && push_profiled_text(out, bytes, profile) {
            return Written::Escaped;
        }
        if !self.marked[row] {
            out.extend_from_slice(bytes);
        }
        Written::Plain
    }
}

impl Values<'_> {
    #[inline]
    fn bytes(&self, row: usize) -> &[u8] {
        match self {
            Self::Utf8(offsets, bytes) => &bytes[offsets[row] as usize..offsets[row + 1] as usize],
            Self::LargeUtf8(offsets, bytes) => &bytes[offsets[row] as usize..offsets[row + 1] as usize],
            Self::Utf8View(array) => array.value(row).as_bytes(),
        }
    }

    fn mark_special(&self, marks: &mut [bool]) {
        match self {
            Self::Utf8(offsets, bytes) => mark_special(offsets, bytes, marks),
            Self::LargeUtf8(offsets, bytes) => mark_special(offsets, bytes, marks),
            // Short values lie in the views themselves: there is no run of bytes to pass over.
            Self::Utf8View(array) => {
                for (row, mark) in marks.iter_mut().enumerate() {
                    *mark = find_special(array.value(row).as_bytes()).is_some();
                }
            }
        }
    }
}

/// Passes over the bytes of all rows at once; behind a special byte it goes on with the next row.
fn mark_special<O: OffsetSizeTrait>(offsets: &[O], bytes: &[u8], marks: &mut [bool]) {
    let end = offsets[marks.len()].as_usize();
    let (mut row, mut from) = (0, offsets[0].as_usize());
    while let Some(at) = find_special(&bytes[from..end]) {
        let at = from + at;
        while offsets[row + 1].as_usize() <= at {
            row += 1;
        }
        marks[row] = true;
        row += 1;
        from = offsets[row].as_usize();
    }
}
