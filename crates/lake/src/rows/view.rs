//! One batch of messages with typed columns, and the total order of its rows.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use domain::time::Micros;

use super::neighbours::ties;

/// The nine columns of a batch of [`crate::schema::message_schema`]; cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub message_id: StringArray,
    pub channel: StringArray,
    pub thread: StringArray,
    pub sender: StringArray,
    pub sent_at: TimestampMicrosecondArray,
    pub edited_at: TimestampMicrosecondArray,
    pub kind: StringArray,
    pub text: StringArray,
    pub attributes: StringArray,
}

impl Rows {
    /// Takes a batch apart. The batch must be of the message schema.
    pub fn new(batch: &RecordBatch) -> Self {
        debug_assert_eq!(batch.schema(), crate::schema::message_schema());
        let string = |column: usize| batch.column(column).as_string::<i32>().clone();
        let time = |column: usize| batch.column(column).as_primitive::<TimestampMicrosecondType>().clone();
        Self {
            message_id: string(0),
            channel: string(1),
            thread: string(2),
            sender: string(3),
            sent_at: time(4),
            edited_at: time(5),
            kind: string(6),
            text: string(7),
            attributes: string(8),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.sent_at.len()
    }

    /// When row `i` was sent.
    pub fn sent_at(&self, i: usize) -> Micros {
        Micros(self.sent_at.value(i))
    }

    /// The total order: sent_at, message_id, then the other columns in contract order, null first, strings bytewise.
    pub fn compare(&self, i: usize, other: &Self, j: usize) -> Ordering {
        self.sent_at
            .value(i)
            .cmp(&other.sent_at.value(j))
            .then_with(|| self.message_id.value(i).cmp(other.message_id.value(j)))
            .then_with(|| self.compare_others(i, other, j))
    }

    #[cold]
    fn compare_others(&self, i: usize, other: &Self, j: usize) -> Ordering {
        let text = |a: &StringArray, b: &StringArray| string_at(a, i).cmp(&string_at(b, j));
        text(&self.channel, &other.channel)
            .then_with(|| text(&self.thread, &other.thread))
            .then_with(|| text(&self.sender, &other.sender))
            .then_with(|| time_at(&self.edited_at, i).cmp(&time_at(&other.edited_at, j)))
            .then_with(|| text(&self.kind, &other.kind))
            .then_with(|| text(&self.text, &other.text))
            .then_with(|| text(&self.attributes, &other.attributes))
    }

    /// The rows that equal the row before them, the first one aside; `None` if a row comes before its predecessor.
    pub fn repeats(&self) -> Option<Vec<usize>> {
        let mut repeats = ties(self.sent_at.values(), &self.message_id)?;
        let mut in_order = true;
        repeats.retain(|row| {
            let order = self.compare(row - 1, self, *row);
            in_order &= order != Ordering::Greater;
            order == Ordering::Equal
        });
        in_order.then_some(repeats)
    }
}

/// The value of a nullable string.
pub(crate) fn string_at(array: &StringArray, i: usize) -> Option<&str> {
    array.is_valid(i).then(|| array.value(i))
}

/// The value of a nullable time in microseconds.
pub(crate) fn time_at(array: &TimestampMicrosecondArray, i: usize) -> Option<i64> {
    array.is_valid(i).then(|| array.value(i))
}
