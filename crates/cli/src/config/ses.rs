//! `[ses]`: Amazon SES, where letters leave by it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
#[cfg(feature = "aws")]
use ses::{OptionError, SesOptions};

#[cfg(feature = "aws")]
use super::keys::Keys;
use super::secret::Secret;
#[cfg(feature = "aws")]
use crate::exit::Failure;

/// Amazon SES, version 2 of its API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ses {
    /// The region that the sender is verified in.
    pub region: String,
    /// Where the service answers; empty for AWS.
    pub endpoint: String,
    /// The configuration set of each letter; empty for none.
    pub configuration_set: String,
    /// Key to sign with; empty to ask the environment and the machine as AWS's own tools do.
    pub access_key: String,
    /// Secret of the key; better from the environment or `secret_key_file`.
    pub secret_key: Secret,
    /// File whose first line is the secret; empty for none.
    pub secret_key_file: PathBuf,
}

impl Default for Ses {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            endpoint: String::new(),
            configuration_set: String::new(),
            access_key: String::new(),
            secret_key: Secret::default(),
            secret_key_file: PathBuf::new(),
        }
    }
}

#[cfg(feature = "aws")]
impl Ses {
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.keys().check()?;
        let wrong = |error: OptionError| Failure::usage(format!("ses.{error}"));
        self.options(1)?.check().map_err(wrong)
    }

    /// What the adapter takes, with so much time for each letter.
    ///
    /// # Errors
    /// The secret is given twice, or its file cannot be read.
    pub fn options(&self, timeout_seconds: u64) -> Result<SesOptions, Failure> {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut options = SesOptions::new(&self.region);
        options.place.endpoint = given(&self.endpoint);
        options.configuration_set = given(&self.configuration_set);
        options.timeout_seconds = timeout_seconds;
        options.place.credentials = self.keys().credentials()?;
        Ok(options)
    }

    fn keys(&self) -> Keys<'_> {
        let Self { access_key, secret_key, secret_key_file, .. } = self;
        Keys { section: "ses", access_key, secret_key, secret_key_file }
    }
}
