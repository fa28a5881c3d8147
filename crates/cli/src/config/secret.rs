//! A secret among the settings: read as text, never written.

use std::fmt;
use std::path::Path;

use anyhow::anyhow;
use domain::secret;
use figment::value::Value;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::exit::{Exit, Failure, OrExit};

/// A secret of the configuration: neither its debug form nor what is written of it shows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(secret::Secret);

impl Secret {
    /// The secret itself, for the one who needs it.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// What adapters take.
    pub fn hidden(&self) -> secret::Secret {
        self.0.clone()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.reveal().is_empty()
    }

    /// The secret of the field `name`, which stands there or is the first line of the file that `NAME_file` names.
    ///
    /// # Errors
    /// Both are given, or the file cannot be read; its content is never repeated.
    pub fn or_file(&self, name: &str, file: &Path) -> Result<Self, Failure> {
        if file.as_os_str().is_empty() {
            return Ok(self.clone());
        }
        if !self.is_empty() {
            return Err(Failure::usage(format!("{name} and {name}_file exclude each other")));
        }
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| anyhow!("{name}_file: {}", error.kind())).or_exit(Exit::Usage)?;
        Ok(text.lines().next().unwrap_or_default().to_owned().into())
    }

    fn shown(&self) -> &'static str {
        if self.is_empty() { "" } else { "(set)" }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(secret::Secret::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// A value that is no text is refused without being repeated, as serde's own message would.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Value as Deserialize>::deserialize(deserializer)?.into_string();
        text.map(Self::from).ok_or_else(|| D::Error::custom("a secret must be text in quotes"))
    }
}
