//! Counting the records of a CSV while it streams by, and looking that it is one.

use memchr::memchr;

use crate::csv::find_special;

/// A reader of RFC 4180 as the encoder writes it: CRLF after every record, quotes around whole fields only.
pub(super) struct Records {
    columns: usize,
    field: usize,
    state: State,
    records: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote inside a quoted field: the field's end, or one half of a doubled quote.
    QuoteSeen,
    CarriageReturn,
    Broken,
}

impl Records {
    /// For records of so many fields.
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, field: 0, state: State::FieldStart, records: 0 }
    }

    pub(super) fn update(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let skipped = match self.state {
                State::Quoted => memchr(b'"', text).unwrap_or(text.len()),
                State::Plain => find_special(text).unwrap_or(text.len()),
                State::Broken => text.len(),
                _ => 0,
            };
            text = &text[skipped..];
            if let Some((byte, rest)) = text.split_first() {
                self.state = self.step(*byte);
                text = rest;
            }
        }
    }

    /// How many records came; `None` where the text is not a CSV of that many columns, or ends within a record.
    pub(super) fn finish(self) -> Option<u64> {
        (self.state == State::FieldStart && self.field == 0).then_some(self.records)
    }

    fn step(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::FieldStart, b'"') => State::Quoted,
            (State::FieldStart | State::Plain | State::QuoteSeen, b',') => {
                self.field += 1;
                State::FieldStart
            }
            (State::FieldStart | State::Plain | State::QuoteSeen, b'\r') => State::CarriageReturn,
            (State::FieldStart | State::Plain, b'\n') | (State::Plain, b'"') => State::Broken,
            (State::FieldStart | State::Plain, _) => State::Plain,
            (State::Quoted, b'"') => State::QuoteSeen,
            (State::Quoted, _) | (State::QuoteSeen, b'"') => State::Quoted,
            (State::CarriageReturn, b'\n') if self.field + 1 == self.columns => {
                (self.field, self.records) = (0, self.records + 1);
                State::FieldStart
            }
            (State::QuoteSeen | State::CarriageReturn | State::Broken, _) => State::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_only_in_well_formed_text() {
        let check = |text: &str, columns: usize, expected: Option<u64>| {
            for cut in 1..=text.len().max(1) {
                let mut records = Records::new(columns);
                text.as_bytes().chunks(cut).for_each(|chunk| records.update(chunk));
                assert_eq!(records.finish(), expected, "{text:?} in cuts of {cut}");
            }
        };
        check("", 2, Some(0));
        check("a,b\r\n\"\",\r\n", 2, Some(2));
        check("\"a\r\nb,\"\"c\"\"\",d\r\n", 2, Some(1));
        check("\r\n\r\n", 1, Some(2));
        check("a,b", 2, None);
        check("a,b\r", 2, None);
        check("a,b\n", 2, None);
        check("a\r\n", 2, None);
        check("a,b,c\r\n", 2, None);
        check("a\"b\r\n", 1, None);
        check("\"a\"b\r\n", 1, None);
        check("\"a\r\n", 1, None);
        check("a\rb\r\n", 1, None);
    }
}
