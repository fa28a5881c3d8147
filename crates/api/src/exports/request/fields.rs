//! The fields of a JSON object, taken one by one; what nobody took is unknown.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::problem::FieldError;

/// Longest value of a list (bytes), as long as a channel or sender of a message may be.
const VALUE_LIMIT_BYTES: usize = 1 << 10;
/// Most faults that are named; a body has no more fields worth naming.
const FAULTS_LIMIT: usize = 32;

/// An object whose fields are being read.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    taken: BTreeSet<String>,
    faults: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(body: &'a Value) -> Result<Self, Vec<FieldError>> {
        match body {
            Value::Object(object) => Ok(Self { object, taken: BTreeSet::new(), faults: Vec::new() }),
            _ => Err(vec![FieldError::new("body", "must be an object")]),
        }
    }

    pub(super) fn fault(&mut self, field: &str, reason: impl Into<String>) {
        if self.faults.len() < FAULTS_LIMIT {
            self.faults.push(FieldError::new(field, reason));
        }
    }

    pub(super) fn missing(&mut self, field: &str) {
        // One that is there has its fault already.
        if self.faults.iter().all(|fault| fault.field != field) {
            self.fault(field, "is missing");
        }
    }

    /// A field that has no place here.
    pub(super) fn absent(&mut self, name: &str, reason: &str) {
        if self.take(name).is_some() {
            self.fault(name, reason);
        }
    }

    /// A text, or `None` where it is missing, null or no text.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(name, "must be a string");
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(value) => Some(*value),
            _ => {
                self.fault(name, "must be true or false");
                None
            }
        }
    }

    /// One of a few names.
    pub(super) fn named<T: FromStr>(&mut self, name: &str, names: &[&str]) -> Option<T> {
        let value = self.text(name)?.parse().ok();
        if value.is_none() {
            self.fault(name, format!("must be one of {}", names.join(", ")));
        }
        value
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<&'a str>> {
        let Value::Array(values) = self.take(name)? else {
            self.fault(name, "must be a list of strings");
            return None;
        };
        let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
        match texts {
            None => self.fault(name, "must be a list of strings"),
            Some(texts) if texts.iter().any(|text| text.len() > VALUE_LIMIT_BYTES) => {
                self.fault(name, format!("has a value of more than {VALUE_LIMIT_BYTES} bytes"));
            }
            texts => return texts,
        }
        None
    }

    /// The faults, with one for each field that nobody took.
    pub(super) fn finish(mut self) -> Result<(), Vec<FieldError>> {
        let mut unknown: Vec<String> = self.object.keys().filter(|name| !self.knows(name)).cloned().collect();
        if let Some(Value::Object(filter)) = self.object.get("filter") {
            let inner = filter.keys().map(|name| format!("filter.{name}"));
            unknown.extend(inner.filter(|name| !self.taken.contains(name)));
        }
        for name in unknown {
            self.fault(&name.chars().take(80).collect::<String>(), "is not a field");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    fn knows(&self, name: &str) -> bool {
        !name.contains('.') && self.taken.contains(name)
    }

    /// The value of a field; null is as good as missing.
    fn take(&mut self, name: &str) -> Option<&'a Value> {
        self.taken.insert(name.to_owned());
        let value = match name.split_once('.') {
            None => self.object.get(name),
            Some((outer, inner)) => self.inner(outer)?.get(inner),
        };
        value.filter(|value| !value.is_null())
    }

    fn inner(&mut self, outer: &str) -> Option<&'a Map<String, Value>> {
        let known = !self.taken.insert(outer.to_owned());
        match self.object.get(outer)? {
            Value::Object(object) => Some(object),
            Value::Null => None,
            _ if known => None,
            _ => {
                self.fault(outer, "must be an object");
                None
            }
        }
    }
}
