//! `[dynamodb]`: the tables of exports, accounts and the audit trail, where they are kept there.

use std::path::PathBuf;

#[cfg(feature = "aws")]
use aws::OptionError;
use serde::{Deserialize, Serialize};
#[cfg(feature = "aws")]
use stores_dynamodb::DynamoOptions;

#[cfg(feature = "aws")]
use super::keys::Keys;
use super::secret::Secret;
#[cfg(feature = "aws")]
use crate::exit::Failure;

/// Tables of Amazon DynamoDB.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DynamoDb {
    /// What the names of all tables begin with.
    pub prefix: String,
    /// The region of the tables.
    pub region: String,
    /// Where the service answers; empty for AWS.
    pub endpoint: String,
    /// Key to sign with; empty to ask the environment and the machine as AWS's own tools do.
    pub access_key: String,
    /// Secret of the key; better from the environment or `secret_key_file`.
    pub secret_key: Secret,
    /// File whose first line is the secret; empty for none.
    pub secret_key_file: PathBuf,
}

impl Default for DynamoDb {
    fn default() -> Self {
        Self {
            prefix: "outhaul".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: String::new(),
            access_key: String::new(),
            secret_key: Secret::default(),
            secret_key_file: PathBuf::new(),
        }
    }
}

#[cfg(feature = "aws")]
impl DynamoDb {
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.keys().check()?;
        let wrong = |error: OptionError| Failure::usage(format!("dynamodb.{error}"));
        self.options()?.check().map_err(wrong)
    }

    /// What the adapter takes.
    ///
    /// # Errors
    /// The secret is given twice, or its file cannot be read.
    pub fn options(&self) -> Result<DynamoOptions, Failure> {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut options = DynamoOptions::new(&self.prefix, &self.region);
        options.place.endpoint = given(&self.endpoint);
        options.place.credentials = self.keys().credentials()?;
        Ok(options)
    }

    fn keys(&self) -> Keys<'_> {
        let Self { access_key, secret_key, secret_key_file, .. } = self;
        Keys { section: "dynamodb", access_key, secret_key, secret_key_file }
    }
}
