//! Finds the field that holds invalid UTF-8, for the refusal of a line that cannot be read as text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The top-level field in whose value byte `at` lies, if the rest of the line is a JSON object.
pub(crate) fn field_of_invalid_utf8(line: &[u8], at: usize) -> Option<String> {
    let text = replaced(line);
    let start = text.as_ptr() as usize;
    serde_json::Deserializer::from_str(&text).deserialize_map(Finder { start, at }).ok().flatten()
}

/// The line with a question mark for each byte that is no UTF-8, so that all places stay where they are.
fn replaced(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

struct Finder {
    start: usize,
    at: usize,
}

impl<'a> Visitor<'a> for Finder {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let mut found = None;
        while let Some((key, value)) = map.next_entry::<Cow<'a, str>, &'a RawValue>()? {
            let from = value.get().as_ptr() as usize - self.start;
            if (from..from + value.get().len()).contains(&self.at) {
                found = Some(key.chars().take(128).collect());
            }
        }
        Ok(found)
    }
}
