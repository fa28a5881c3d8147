//! Which columns of the messages are read.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use domain::dataset::MESSAGE_COLUMNS;
use domain::filter::Filter;

use crate::error::LakeError;
use crate::schema::message_schema;

const MESSAGE_ID: usize = 0;
const CHANNEL: usize = 1;
const SENDER: usize = 3;
const SENT_AT: usize = 4;

/// A set of [`MESSAGE_COLUMNS`], which a batch of it has in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns(u16);

impl Default for Columns {
    fn default() -> Self {
        Self::ALL
    }
}

impl Columns {
    /// All of them.
    pub const ALL: Self = Self((1 << MESSAGE_COLUMNS.len()) - 1);

    /// Those at these positions of [`MESSAGE_COLUMNS`], and `sent_at`, by which rows are cut.
    pub fn asked(positions: &[usize]) -> Self {
        positions.iter().fold(Self::only(SENT_AT), |columns, position| columns.with(Self::only(*position)))
    }

    /// What tells rows from each other in almost every case, and what a filter looks at.
    pub(crate) fn keys(filter: &Filter) -> Self {
        let channel = if filter.channels.is_some() { Self::only(CHANNEL) } else { Self(0) };
        let sender = if filter.senders.is_some() { Self::only(SENDER) } else { Self(0) };
        Self::only(SENT_AT).with(Self::only(MESSAGE_ID)).with(channel).with(sender)
    }

    /// Those of both.
    #[must_use]
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The schema of a batch of these columns.
    pub fn schema(self) -> SchemaRef {
        let positions: Vec<_> = self.positions().collect();
        match message_schema().project(&positions) {
            Ok(schema) if self != Self::ALL => schema.into(),
            _ => message_schema(),
        }
    }

    /// Positions in [`MESSAGE_COLUMNS`], rising.
    pub(crate) fn positions(self) -> impl Iterator<Item = usize> {
        (0..MESSAGE_COLUMNS.len()).filter(move |position| self.has(*position))
    }

    /// These columns of a batch that has those of `there`.
    pub(crate) fn of(self, batch: &RecordBatch, there: Self) -> Result<RecordBatch, LakeError> {
        if self == there {
            return Ok(batch.clone());
        }
        let positions: Vec<_> = self.positions().filter_map(|position| there.place(position)).collect();
        batch.project(&positions).map_err(|source| LakeError::Rows { doing: "choose columns of", source })
    }

    /// Where a column stands in a batch of these.
    pub(crate) fn place(self, position: usize) -> Option<usize> {
        self.has(position).then(|| self.positions().take_while(|before| *before < position).count())
    }

    /// Where `sent_at` and `message_id` stand, which must be among these.
    pub(crate) fn places_of_keys(self) -> (usize, usize) {
        let place = |position| self.place(position).expect("the columns of the order are always decoded");
        (place(SENT_AT), place(MESSAGE_ID))
    }

    /// Where the columns of the filter stand.
    pub(crate) fn places_of_filter(self) -> (Option<usize>, Option<usize>) {
        (self.place(CHANNEL), self.place(SENDER))
    }

    const fn only(position: usize) -> Self {
        Self(1 << position & Self::ALL.0)
    }

    const fn has(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_messages() {
        for (position, name) in
            [(MESSAGE_ID, "message_id"), (CHANNEL, "channel"), (SENDER, "sender"), (SENT_AT, "sent_at")]
        {
            assert_eq!(MESSAGE_COLUMNS[position], name);
        }
        assert_eq!(Columns::asked(&[0, 1, 2, 3, 4, 5, 6, 7, 8]), Columns::ALL);
        assert_eq!(Columns::asked(&[7, 1]).positions().collect::<Vec<_>>(), [1, SENT_AT, 7]);
        let names =
            |columns: Columns| columns.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        assert_eq!(names(Columns::asked(&[7])), ["sent_at", "text"]);
        assert_eq!(names(Columns::ALL), MESSAGE_COLUMNS);
        assert_eq!(Columns::asked(&[7]).place(7), Some(1));
        assert_eq!(Columns::asked(&[7]).place(8), None);
        let filter = Filter { channels: None, senders: Some(Default::default()) };
        assert_eq!(Columns::keys(&filter).positions().collect::<Vec<_>>(), [MESSAGE_ID, SENDER, SENT_AT]);
    }
}
