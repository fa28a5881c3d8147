//! One line of NDJSON as a message, or why it is refused.
//!
//! A line has one refusal, the first of: bytes that are no UTF-8; a line that is no JSON object; the first fault among its
//! fields in the order they stand in; a required field that is missing.

use std::borrow::Cow;
use std::fmt;

use domain::ids::Slug;
use domain::time::Micros;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::attributes::Compactor;
use super::strings::{LoneSurrogate, decode};
use super::utf8::field_of_invalid_utf8;
use super::validate::{
    Fault, InputLimits, LONE_SURROGATE, MISSING, NULL, attributes_fault, check_organisation, check_text, parse_time,
};
use crate::rows::MessageRow;

/// The fields of an input message.
pub(crate) const FIELDS: [&str; 10] =
    ["org", "message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"];
/// What a message is that does not say.
pub(crate) const DEFAULT_KIND: &str = "message";

/// Reads lines for one organisation.
pub(crate) struct LineParser {
    organisation: Slug,
    limits: InputLimits,
    compactor: Compactor,
}

/// A message and the memory its escaped strings needed.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    message_id: Cow<'a, str>,
    channel: Option<Cow<'a, str>>,
    thread: Option<Cow<'a, str>>,
    sender: Option<Cow<'a, str>>,
    sent_at: Micros,
    edited_at: Option<Micros>,
    kind: Option<Cow<'a, str>>,
    text: Cow<'a, str>,
    attributes: Option<String>,
}

impl Message<'_> {
    /// The message as a row.
    pub fn row(&self) -> MessageRow<'_> {
        MessageRow {
            message_id: &self.message_id,
            channel: self.channel.as_deref(),
            thread: self.thread.as_deref(),
            sender: self.sender.as_deref(),
            sent_at: self.sent_at,
            edited_at: self.edited_at,
            kind: self.kind.as_deref().unwrap_or(DEFAULT_KIND),
            text: &self.text,
            attributes: self.attributes.as_deref(),
        }
    }
}

impl LineParser {
    /// A reader of lines sent to `organisation`.
    pub fn new(organisation: Slug, limits: InputLimits) -> Self {
        Self { organisation, limits, compactor: Compactor::default() }
    }

    /// Reads a line without its LF.
    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Result<Message<'a>, Fault> {
        let text = simdutf8::compat::from_utf8(line).map_err(|error| Fault {
            field: field_of_invalid_utf8(line, error.valid_up_to()),
            reason: "is not valid UTF-8".into(),
        })?;
        if text.starts_with('\u{feff}') {
            return Err(Fault::of_line("starts with a byte order mark"));
        }
        if !text.trim_ascii_start().starts_with('{') {
            return Err(Fault::of_line("is not a JSON object"));
        }
        let mut fields = Fields::default();
        let reader = Reader { parser: self, fields: &mut fields };
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(reader).and_then(|()| json.end()).map_err(|error| Fault::of_line(grammar(&error)))?;
        fields.finish()
    }
}

/// What serde_json says of broken grammar, without the line number it counts for itself. It never quotes the input.
fn grammar(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    format!("is not valid JSON at byte {}: {what}", error.column())
}

#[derive(Default)]
struct Fields<'a> {
    seen: [bool; FIELDS.len()],
    fault: Option<Fault>,
    message_id: Option<Cow<'a, str>>,
    channel: Option<Cow<'a, str>>,
    thread: Option<Cow<'a, str>>,
    sender: Option<Cow<'a, str>>,
    sent_at: Option<Micros>,
    edited_at: Option<Micros>,
    kind: Option<Cow<'a, str>>,
    text: Option<Cow<'a, str>>,
    attributes: Option<String>,
}

impl<'a> Fields<'a> {
    fn finish(self) -> Result<Message<'a>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let missing = |field| Fault::of(field, MISSING);
        Ok(Message {
            message_id: self.message_id.ok_or_else(|| missing("message_id"))?,
            sent_at: self.sent_at.ok_or_else(|| missing("sent_at"))?,
            text: self.text.ok_or_else(|| missing("text"))?,
            channel: self.channel,
            thread: self.thread,
            sender: self.sender,
            edited_at: self.edited_at,
            kind: self.kind,
            attributes: self.attributes,
        })
    }
}

/// The name of a field; only an unknown one needs memory.
enum Name {
    /// Its place in [`FIELDS`].
    Known(usize),
    Unknown(String),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        let known = FIELDS.iter().position(|field| *field == name);
        Ok(known.map_or_else(|| Name::Unknown(name.to_owned()), Name::Known))
    }
}

struct Reader<'p, 'f, 'a> {
    parser: &'p mut LineParser,
    fields: &'f mut Fields<'a>,
}

impl<'a> Visitor<'a> for Reader<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name>()? {
            // After a first fault the rest only has to be JSON.
            if self.fields.fault.is_some() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'a RawValue = map.next_value()?;
            self.fields.fault = self.field(&name, value.get()).err();
        }
        Ok(())
    }
}

impl<'a> Reader<'_, '_, 'a> {
    fn field(&mut self, name: &Name, value: &'a str) -> Result<(), Fault> {
        let place = match name {
            Name::Known(place) => *place,
            Name::Unknown(name) => return Err(Fault::of(name, "is not a field of a message")),
        };
        let name = FIELDS[place];
        if std::mem::replace(&mut self.fields.seen[place], true) {
            return Err(Fault::of(name, "stands there twice"));
        }
        match name {
            "org" => {
                check_organisation(&required(self.string(name, value)?, name)?, self.parser.organisation.as_str())?
            }
            "message_id" => self.fields.message_id = Some(required(self.string(name, value)?, name)?),
            "text" => self.fields.text = Some(required(self.string(name, value)?, name)?),
            "sent_at" => self.fields.sent_at = Some(required(self.time(name, value)?, name)?),
            "edited_at" => self.fields.edited_at = self.time(name, value)?,
            "channel" => self.fields.channel = self.string(name, value)?,
            "thread" => self.fields.thread = self.string(name, value)?,
            "sender" => self.fields.sender = self.string(name, value)?,
            "kind" => self.fields.kind = self.string(name, value)?,
            _ => self.fields.attributes = self.attributes(value)?,
        }
        Ok(())
    }

    fn string(&self, name: &str, value: &'a str) -> Result<Option<Cow<'a, str>>, Fault> {
        if !is(name, value, '"', "a string")? {
            return Ok(None);
        }
        let text = decode(value).map_err(|LoneSurrogate| Fault::of(name, LONE_SURROGATE))?;
        if name != "org" {
            check_text(name, &text, &self.parser.limits)?;
        }
        Ok(Some(text))
    }

    fn time(&self, name: &str, value: &'a str) -> Result<Option<Micros>, Fault> {
        if !is(name, value, '"', "a string")? {
            return Ok(None);
        }
        let text = decode(value).map_err(|LoneSurrogate| Fault::of(name, LONE_SURROGATE))?;
        parse_time(name, &text).map(Some)
    }

    fn attributes(&mut self, value: &'a str) -> Result<Option<String>, Fault> {
        if !is("attributes", value, '{', "an object")? {
            return Ok(None);
        }
        let limits = self.parser.limits;
        let compact = self.parser.compactor.compact(value, limits.attributes_bytes);
        compact.map(|compact| Some(compact.to_owned())).map_err(|fault| attributes_fault(fault, &limits))
    }
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::of(name, NULL))
}

/// Whether a value is of the wanted kind, told by its first character; false for null, else a fault.
fn is(name: &str, value: &str, first: char, wanted: &str) -> Result<bool, Fault> {
    let found = match value.chars().next() {
        Some(found) if found == first => return Ok(true),
        Some('n') => return Ok(false),
        Some('"') => "a string",
        Some('{') => "an object",
        Some('[') => "an array",
        Some('t' | 'f') => "a boolean",
        _ => "a number",
    };
    Err(Fault::of(name, format!("must be {wanted}, not {found}")))
}
