//! Collects rows, one by one or in runs, into batches of bounded size.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, TimestampMicrosecondBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use domain::time::Micros;

use super::Rows;
use super::view::{string_at, time_at};
use crate::error::LakeError;
use crate::schema::message_schema;

/// What a row takes beside its strings: two times, offsets and validity.
pub(crate) const ROW_OVERHEAD_BYTES: usize = 48;

/// How large a batch may become. One row is always taken, however large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    /// Greatest number of rows, at least 1.
    pub rows: usize,
    /// Bytes of strings, times, offsets and validity.
    pub bytes: usize,
}

/// One message as it goes into the lake, every value within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageRow<'a> {
    pub message_id: &'a str,
    pub channel: Option<&'a str>,
    pub thread: Option<&'a str>,
    pub sender: Option<&'a str>,
    pub sent_at: Micros,
    pub edited_at: Option<Micros>,
    pub kind: &'a str,
    pub text: &'a str,
    pub attributes: Option<&'a str>,
}

/// Rows of the message schema on their way to a batch.
#[derive(Debug)]
pub(crate) struct RowBuffer {
    /// message_id, channel, thread, sender, kind, text, attributes.
    strings: [StringBuilder; 7],
    sent_at: TimestampMicrosecondBuilder,
    edited_at: TimestampMicrosecondBuilder,
    rows: usize,
    bytes: usize,
}

impl Default for RowBuffer {
    fn default() -> Self {
        let time = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        Self { strings: Default::default(), sent_at: time(), edited_at: time(), rows: 0, bytes: 0 }
    }
}

impl RowBuffer {
    /// A buffer for about `bytes`. The address space is taken at once, memory only as rows come: a column that grew by
    /// doubling would copy itself, and leave blocks behind that the allocator keeps.
    pub fn with_room_for(bytes: usize) -> Self {
        const GREATEST_BYTES: usize = 64 << 20;
        let bytes = bytes.min(GREATEST_BYTES);
        let rows = bytes / (2 * ROW_OVERHEAD_BYTES);
        let time = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        let strings = std::array::from_fn(|_| StringBuilder::with_capacity(rows, bytes));
        Self { strings, sent_at: time(), edited_at: time(), rows: 0, bytes: 0 }
    }

    /// Bytes collected so far, as [`BatchLimits`] counts them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes one row.
    pub fn push(&mut self, row: &MessageRow<'_>) {
        let strings =
            [Some(row.message_id), row.channel, row.thread, row.sender, Some(row.kind), Some(row.text), row.attributes];
        self.bytes += ROW_OVERHEAD_BYTES + strings.iter().flatten().map(|value| value.len()).sum::<usize>();
        for (builder, value) in self.strings.iter_mut().zip(strings) {
            builder.append_option(value);
        }
        self.sent_at.append_value(row.sent_at.0);
        self.edited_at.append_option(row.edited_at.map(|at| at.0));
        self.rows += 1;
    }

    /// Takes as many of the rows `start..end` as the limits let in, at least one when the buffer is empty; says how many.
    pub fn push_run(&mut self, from: &Rows, start: usize, end: usize, limits: BatchLimits) -> Result<usize, LakeError> {
        let mut count = (end - start).min(limits.rows.saturating_sub(self.rows));
        while count > 1 && self.bytes + run_bytes(from, start, start + count) > limits.bytes {
            count = count.div_ceil(2);
        }
        let bytes = run_bytes(from, start, start + count);
        if count == 0 || (self.rows > 0 && self.bytes + bytes > limits.bytes) {
            return Ok(0);
        }
        self.append(from, start, count).map_err(|source| LakeError::Rows { doing: "collect", source })?;
        self.bytes += bytes;
        self.rows += count;
        Ok(count)
    }

    fn append(&mut self, from: &Rows, start: usize, count: usize) -> Result<(), arrow_schema::ArrowError> {
        for (builder, array) in self.strings.iter_mut().zip(string_columns(from)) {
            // A slice costs more than a value, so single rows, the rule where inputs alternate, go the short way.
            match count {
                1 => builder.append_option(string_at(array, start)),
                _ => builder.append_array(&array.slice(start, count))?,
            }
        }
        for i in start..start + count {
            self.sent_at.append_value(from.sent_at.value(i));
            self.edited_at.append_option(time_at(&from.edited_at, i));
        }
        Ok(())
    }

    /// The collected rows as a batch; the buffer is empty afterwards. `None` if there were none.
    pub fn take(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        if self.rows == 0 {
            return Ok(None);
        }
        (self.rows, self.bytes) = (0, 0);
        let [message_id, channel, thread, sender, kind, text, attributes] =
            self.strings.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let (sent_at, edited_at) = (Arc::new(self.sent_at.finish()), Arc::new(self.edited_at.finish()));
        let columns = vec![message_id, channel, thread, sender, sent_at, edited_at, kind, text, attributes];
        let batch = RecordBatch::try_new(message_schema(), columns);
        batch.map(Some).map_err(|source| LakeError::Rows { doing: "collect", source })
    }
}

/// What the rows `start..end` count against [`BatchLimits::bytes`].
pub(crate) fn run_bytes(rows: &Rows, start: usize, end: usize) -> usize {
    let strings = string_columns(rows).into_iter().map(|array| {
        let offsets = array.value_offsets();
        (offsets[end] - offsets[start]) as usize
    });
    strings.sum::<usize>() + (end - start) * ROW_OVERHEAD_BYTES
}

fn string_columns(rows: &Rows) -> [&StringArray; 7] {
    [&rows.message_id, &rows.channel, &rows.thread, &rows.sender, &rows.kind, &rows.text, &rows.attributes]
}
