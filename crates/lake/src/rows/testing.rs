//! Messages as owned values, for tests: their derived order is the total order.

use arrow_array::RecordBatch;
use domain::time::Micros;
use proptest::prelude::*;

use super::view::time_at;
use super::{MessageRow, RowBuffer, Rows, string_at};

/// A message. The fields stand in the order in which rows are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message {
    pub sent_at: i64,
    pub message_id: String,
    pub channel: Option<String>,
    pub thread: Option<String>,
    pub sender: Option<String>,
    pub edited_at: Option<i64>,
    pub kind: String,
    pub text: String,
    pub attributes: Option<String>,
}

impl Message {
    /// A plain message.
    pub fn new(sent_at: i64, message_id: &str, text: &str) -> Self {
        let (kind, text) = ("message".to_owned(), text.to_owned());
        Self {
            sent_at,
            message_id: message_id.to_owned(),
            channel: None,
            thread: None,
            sender: None,
            edited_at: None,
            kind,
            text,
            attributes: None,
        }
    }

    /// The message as a row.
    pub fn row(&self) -> MessageRow<'_> {
        MessageRow {
            message_id: &self.message_id,
            channel: self.channel.as_deref(),
            thread: self.thread.as_deref(),
            sender: self.sender.as_deref(),
            sent_at: Micros(self.sent_at),
            edited_at: self.edited_at.map(Micros),
            kind: &self.kind,
            text: &self.text,
            attributes: self.attributes.as_deref(),
        }
    }
}

/// Messages as one batch, in their order.
pub(crate) fn batch(messages: &[Message]) -> RecordBatch {
    let mut buffer = RowBuffer::default();
    messages.iter().for_each(|message| buffer.push(&message.row()));
    buffer.take().unwrap().unwrap_or_else(|| RecordBatch::new_empty(crate::schema::message_schema()))
}

/// The messages of a batch.
pub(crate) fn messages(rows: &Rows) -> Vec<Message> {
    let text = |array, i| string_at(array, i).map(str::to_owned);
    let message = |i: usize| Message {
        sent_at: rows.sent_at(i).0,
        message_id: rows.message_id.value(i).to_owned(),
        channel: text(&rows.channel, i),
        thread: text(&rows.thread, i),
        sender: text(&rows.sender, i),
        edited_at: time_at(&rows.edited_at, i),
        kind: rows.kind.value(i).to_owned(),
        text: rows.text.value(i).to_owned(),
        attributes: text(&rows.attributes, i),
    };
    (0..rows.len()).map(message).collect()
}

/// Messages that collide in every column: few instants of three days around 1970, few values, now and then a long text.
pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    let day = domain::time::DAY;
    let few = || prop::option::of(prop::sample::select(vec!["", "a", "b", "é"]).prop_map(str::to_owned));
    let times = prop::sample::select(vec![-1, 0, 1, day / 2, day - 1, day, day + 1]);
    let texts = prop_oneof![6 => "[ab]{0,2}", 1 => Just("x".repeat(3_000))];
    let attributes = prop::option::of(prop::sample::select(vec!["{}", r#"{"a":1}"#]).prop_map(str::to_owned));
    (times, "[ab]{1,2}", (few(), few(), few()), prop::option::of(0..2_i64), "[mj]", texts, attributes).prop_map(
        |(sent_at, message_id, (channel, thread, sender), edited_at, kind, text, attributes)| Message {
            sent_at,
            message_id,
            channel,
            thread,
            sender,
            edited_at,
            kind,
            text,
            attributes,
        },
    )
}
