//! `[dynamodb]`: the tables of exports, accounts and the audit trail, where they are kept there.

use std::path::PathBuf;

use aws::{Credentials, OptionError};
use serde::{Deserialize, Serialize};
use stores_dynamodb::DynamoOptions;

use super::secret::Secret;
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

impl DynamoDb {
    pub(super) fn check(&self) -> Result<(), Failure> {
        let has_secret = !self.secret_key.is_empty() || !self.secret_key_file.as_os_str().is_empty();
        if has_secret == self.access_key.is_empty() {
            return Err(Failure::usage(
                "dynamodb.access_key and a secret (dynamodb.secret_key or dynamodb.secret_key_file) belong together",
            ));
        }
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
        let secret = self.secret_key.or_file("dynamodb.secret_key", &self.secret_key_file)?;
        if let Some(access_key) = given(&self.access_key) {
            options.place.credentials =
                Credentials::Keys { access_key, secret_key: secret.hidden(), session_token: None };
        }
        Ok(options)
    }
}
