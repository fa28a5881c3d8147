//! The key of a part: a hash of everything that decides its bytes, so that finished work is found again.

use std::fmt;

use crate::time::Micros;

/// What an organisation-day of the pinned snapshot holds, as far as bytes are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentVersion {
    /// The UTC day, in days since 1970-01-01.
    pub day: i32,
    /// Greatest data sequence number among the day's files.
    pub greatest_sequence: i64,
    /// Rows of the day.
    pub rows: u64,
}

/// A BLAKE3 hash in canonical form, as an object name holds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentKey(pub [u8; 32]);

impl fmt::Display for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Collects named fields; every value is length-prefixed, so that no two lists of fields can meet in one text.
#[derive(Debug)]
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// Starts a key of one kind of thing.
    pub fn new(kind: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"outhaul content key 1\n");
        Self(hasher).text("kind", kind)
    }

    /// Adds bytes under a name.
    #[must_use]
    pub fn bytes(mut self, name: &str, value: &[u8]) -> Self {
        for part in [name.as_bytes(), value] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds text under a name.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.bytes(name, value.as_bytes())
    }

    /// Adds a number under a name.
    #[must_use]
    pub fn number(self, name: &str, value: impl Into<i128>) -> Self {
        self.bytes(name, &value.into().to_le_bytes())
    }

    /// Adds an instant under a name.
    #[must_use]
    pub fn instant(self, name: &str, value: Micros) -> Self {
        self.number(name, value.0)
    }

    /// Adds a list of texts under a name; a missing list differs from an empty one.
    #[must_use]
    pub fn texts<'a>(self, name: &str, values: Option<impl Iterator<Item = &'a str>>) -> Self {
        match values {
            None => self.text(name, "none"),
            Some(values) => values.fold(self.text(name, "some"), |key, value| key.text("item", value)),
        }
    }

    /// Adds what a day holds.
    #[must_use]
    pub fn content(self, version: ContentVersion) -> Self {
        self.number("day", version.day).number("sequence", version.greatest_sequence).number("rows", version.rows)
    }

    /// The key.
    pub fn finish(self) -> ContentKey {
        ContentKey(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_never_run_together() {
        let a = KeyBuilder::new("part").text("a", "bc").text("d", "");
        let b = KeyBuilder::new("part").text("ab", "c").text("d", "");
        let none = KeyBuilder::new("part").texts("x", None::<std::iter::Empty<&str>>);
        let empty = KeyBuilder::new("part").texts("x", Some([].into_iter()));
        assert_ne!(a.finish(), b.finish());
        assert_ne!(none.finish(), empty.finish());
        assert_eq!(KeyBuilder::new("part").finish().to_string().len(), 64);
    }
}
