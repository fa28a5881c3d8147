//! What a message may hold: limits by name, and why a value is refused.

use std::borrow::Cow;

use domain::time::{Micros, TimeError};

use super::attributes::AttributesFault;

/// The limits of an input. Sizes are those of the decoded UTF-8; of attributes, those of their compact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputLimits {
    /// `message_id`, which also may not be empty.
    pub message_id_bytes: usize,
    /// `channel`.
    pub channel_bytes: usize,
    /// `thread`.
    pub thread_bytes: usize,
    /// `sender`.
    pub sender_bytes: usize,
    /// `kind`.
    pub kind_bytes: usize,
    /// `text`.
    pub text_bytes: usize,
    /// `attributes`, compact.
    pub attributes_bytes: usize,
    /// A whole line as it stands; enough for the greatest message with every character escaped.
    pub line_bytes: usize,
    /// The input as it comes, compressed or not; unlimited if `None`.
    pub compressed_bytes: Option<u64>,
    /// The input once decompressed; unlimited if `None`.
    pub decompressed_bytes: Option<u64>,
    /// The greatest window of zstd as a power of two: what decompressing may take in memory.
    pub zstd_window_log: u32,
}

impl Default for InputLimits {
    fn default() -> Self {
        Self {
            message_id_bytes: 256,
            channel_bytes: 1 << 10,
            thread_bytes: 1 << 10,
            sender_bytes: 1 << 10,
            kind_bytes: 1 << 10,
            text_bytes: 4 << 20,
            attributes_bytes: 64 << 10,
            line_bytes: 32 << 20,
            compressed_bytes: None,
            decompressed_bytes: None,
            zstd_window_log: 27,
        }
    }
}

impl InputLimits {
    /// The limit of a field that holds text.
    pub(crate) fn text_field_bytes(&self, field: &str) -> usize {
        match field {
            "message_id" => self.message_id_bytes,
            "channel" => self.channel_bytes,
            "thread" => self.thread_bytes,
            "sender" => self.sender_bytes,
            "kind" => self.kind_bytes,
            _ => self.text_bytes,
        }
    }
}

/// One refused line (or row) of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Counted from 1; rows of a Parquet file count as lines.
    pub line: u64,
    /// The field, where one can be named; an unknown one is named as it stands, its first 128 characters.
    pub field: Option<String>,
    /// What is wrong, as a sentence without its subject. Holds nothing of the message.
    pub reason: String,
}

/// A refusal whose line is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub field: Option<String>,
    pub reason: Cow<'static, str>,
}

impl Fault {
    /// A fault of a field.
    pub fn of(field: &str, reason: impl Into<Cow<'static, str>>) -> Self {
        const NAME_CHARACTERS: usize = 128;
        Self { field: Some(field.chars().take(NAME_CHARACTERS).collect()), reason: reason.into() }
    }

    /// A fault of the line as a whole.
    pub fn of_line(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field: None, reason: reason.into() }
    }

    /// The refusal of a line.
    pub fn at(self, line: u64) -> Refused {
        Refused { line, field: self.field, reason: self.reason.into_owned() }
    }
}

/// Checks a text field's length, and that an id is there.
pub(crate) fn check_text(field: &str, value: &str, limits: &InputLimits) -> Result<(), Fault> {
    let limit = limits.text_field_bytes(field);
    if value.len() > limit {
        return Err(Fault::of(field, format!("is {} bytes long, the limit is {limit}", value.len())));
    }
    if field == "message_id" && value.is_empty() {
        return Err(Fault::of(field, "must not be empty"));
    }
    Ok(())
}

/// Checks that a message is sent to the organisation it names.
pub(crate) fn check_organisation(named: &str, organisation: &str) -> Result<(), Fault> {
    if named == organisation { Ok(()) } else { Err(Fault::of("org", "is not the organisation this is sent to")) }
}

/// Reads a time field.
pub(crate) fn parse_time(field: &str, value: &str) -> Result<Micros, Fault> {
    value.parse::<Micros>().map_err(|error: TimeError| Fault::of(field, error.to_string()))
}

/// The fault of attributes as a refusal.
pub(crate) fn attributes_fault(fault: AttributesFault, limits: &InputLimits) -> Fault {
    let reason = match fault {
        AttributesFault::LoneSurrogate => LONE_SURROGATE.into(),
        AttributesFault::RepeatedKey => "has an object with a repeated key".into(),
        AttributesFault::TooLong => Cow::Owned(format!("is longer than {} bytes", limits.attributes_bytes)),
    };
    Fault::of("attributes", reason)
}

/// The reason for a string with half a surrogate pair.
pub(crate) const LONE_SURROGATE: &str = "holds a lone surrogate, which is no character";
/// The reason for a required field that is not there.
pub(crate) const MISSING: &str = "is missing";
/// The reason for a required field that is null.
pub(crate) const NULL: &str = "must not be null";
