//! A column of text: its bytes are passed over at once, and only the rows that are more than their bytes are touched.

use std::ops::Range;

use arrow_array::{Array, GenericStringArray, OffsetSizeTrait};
use arrow_buffer::NullBuffer;
use memchr::{memchr_iter, memchr2, memchr3};

use super::Profile;
use super::cell::{push_profiled_text, push_quoted, starts_a_formula};
use super::cells::Cells;

/// A row that has to be quoted, and nothing else.
const QUOTED: u8 = 1;
/// A row that has to be looked at: empty, null, or what a spreadsheet takes for a formula.
const LOOK: u8 = 2;

/// Rows of an array of text.
pub(super) struct TextRows<'a, O> {
    /// Where each row begins, and the last one ends.
    offsets: &'a [O],
    bytes: &'a [u8],
    nulls: Option<NullBuffer>,
}

impl<'a, O: OffsetSizeTrait> TextRows<'a, O> {
    pub(super) fn new(array: &'a GenericStringArray<O>, rows: Range<usize>) -> Self {
        let nulls = array.nulls().map(|nulls| nulls.slice(rows.start, rows.len()));
        Self { offsets: &array.value_offsets()[rows.start..=rows.end], bytes: array.value_data(), nulls }
    }

    /// Adds the cells; how many got an apostrophe. `marks` is only room.
    pub(super) fn write(&self, profile: Profile, marks: &mut Vec<u8>, cells: &mut Cells) -> u64 {
        let rows = self.offsets.len() - 1;
        marks.clear();
        marks.resize(rows, 0);
        self.mark(profile, marks);
        let (mut row, mut escaped) = (0, 0);
        loop {
            let marked = memchr2(QUOTED, LOOK, &marks[row..]).map_or(rows, |plain| row + plain);
            self.write_plain(row..marked, cells);
            if marked == rows {
                return escaped;
            }
            if marks[marked] == QUOTED {
                push_quoted(&mut cells.bytes, b"", self.row(marked));
            } else if !self.is_null(marked) {
                escaped += u64::from(push_profiled_text(&mut cells.bytes, self.row(marked), profile));
            }
            cells.end();
            row = marked + 1;
        }
    }

    /// Rows that are their bytes, in one copy.
    fn write_plain(&self, rows: Range<usize>, cells: &mut Cells) {
        let start = self.at(rows.start);
        let ends = &self.offsets[rows.start + 1..=rows.end];
        cells.extend(&self.bytes[start..self.at(rows.end)], ends.iter().map(|end| end.as_usize() - start));
    }

    fn mark(&self, profile: Profile, marks: &mut [u8]) {
        self.mark_special(marks);
        for (row, mark) in marks.iter_mut().enumerate() {
            let (is_empty, is_null) = (self.at(row) == self.at(row + 1), self.is_null(row));
            if is_empty != is_null || profile == Profile::Spreadsheet && starts_a_formula(self.row(row)) {
                *mark = LOOK;
            }
        }
    }

    /// Marks the rows with a comma, a quote or a line break. Behind the first of a row it goes on with the next row.
    fn mark_special(&self, marks: &mut [u8]) {
        let (start, end) = (self.at(0), self.at(marks.len()));
        let (mut row, mut from) = (0, start);
        while let Some(at) = memchr3(b',', b'"', b'\n', &self.bytes[from..end]) {
            while self.at(row + 1) <= from + at {
                row += 1;
            }
            marks[row] = QUOTED;
            row += 1;
            from = self.at(row);
        }
        // No search knows four bytes at a time; this one is seldom there.
        for at in memchr_iter(b'\r', &self.bytes[start..end]) {
            marks[self.offsets.partition_point(|offset| offset.as_usize() <= start + at) - 1] = QUOTED;
        }
    }

    #[inline]
    fn at(&self, row: usize) -> usize {
        self.offsets[row].as_usize()
    }

    #[inline]
    fn row(&self, row: usize) -> &'a [u8] {
        &self.bytes[self.at(row)..self.at(row + 1)]
    }

    #[inline]
    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}
