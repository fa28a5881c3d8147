//! `[catalog_rest]`: the Iceberg REST catalog of the table of messages, where it is kept there.

use std::path::PathBuf;
#[cfg(feature = "aws")]
use std::time::Duration;

#[cfg(feature = "aws")]
use catalog_rest::{Access, RestOptions, TablePlace};
use serde::{Deserialize, Serialize};

#[cfg(feature = "aws")]
use super::keys::Keys;
use super::secret::Secret;
#[cfg(feature = "aws")]
use crate::exit::Failure;

/// A catalog that speaks Iceberg's REST protocol.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogRest {
    /// Its address without `/v1`.
    pub uri: String,
    /// Which of its warehouses; empty where it has one.
    pub warehouse: String,
    /// The namespace of the table.
    pub namespace: String,
    /// Where a new table's metadata lies: `lake` (beside its files) or `catalog` (where the catalog keeps it).
    pub place: Place,
    /// A token to show; better from the environment or `token_file`. Empty for none.
    pub token: Secret,
    /// File whose first line is the token; empty for none.
    pub token_file: PathBuf,
    /// Id to ask for tokens with (OAuth 2.0); empty for none.
    pub client_id: String,
    /// What proves the id; better from the environment or `client_secret_file`.
    pub client_secret: Secret,
    /// File whose first line is that secret; empty for none.
    pub client_secret_file: PathBuf,
    /// What tokens are asked for; empty to say nothing.
    pub scope: String,
    /// Where tokens are given out; empty for the catalog itself.
    pub token_uri: String,
    /// The service that requests are signed for (AWS Signature Version 4), `glue` or `s3tables`; empty for no signatures.
    pub sigv4: String,
    /// The region that they are signed for.
    pub region: String,
    /// Key to sign with; empty to ask the environment and the machine as AWS's own tools do.
    pub access_key: String,
    /// Secret of the key; better from the environment or `secret_key_file`.
    pub secret_key: Secret,
    /// File whose first line is the secret; empty for none.
    pub secret_key_file: PathBuf,
    /// How long a question may take, with its repeats (milliseconds).
    pub answer_milliseconds: u64,
    /// How long one try to commit may take (milliseconds).
    pub commit_milliseconds: u64,
}

/// Where a new table's metadata lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Beside the table's files.
    Lake,
    /// Where the catalog keeps it.
    Catalog,
}

impl Default for CatalogRest {
    fn default() -> Self {
        Self {
            uri: String::new(),
            warehouse: String::new(),
            namespace: "outhaul".to_owned(),
            place: Place::Lake,
            token: Secret::default(),
            token_file: PathBuf::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            client_secret_file: PathBuf::new(),
            scope: "catalog".to_owned(),
            token_uri: String::new(),
            sigv4: String::new(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: Secret::default(),
            secret_key_file: PathBuf::new(),
            answer_milliseconds: 1_800,
            commit_milliseconds: 10_000,
        }
    }
}

#[cfg(feature = "aws")]
impl CatalogRest {
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.keys().check()?;
        let wrong = |error: catalog_rest::OptionError| Failure::usage(format!("catalog_rest.{error}"));
        self.options()?.check().map_err(wrong)
    }

    /// What the adapter takes, but for the certificates that are trusted.
    ///
    /// # Errors
    /// Two ways to sign in exclude each other, or a file cannot be read; its content is never repeated.
    pub fn options(&self) -> Result<RestOptions, Failure> {
        let mut options = RestOptions::new(&self.uri);
        options.warehouse.clone_from(&self.warehouse);
        options.namespace.clone_from(&self.namespace);
        options.access = self.access()?;
        options.place = match self.place {
            Place::Lake => TablePlace::Lake,
            Place::Catalog => TablePlace::Catalog,
        };
        options.answer = Duration::from_millis(self.answer_milliseconds);
        options.commit = Duration::from_millis(self.commit_milliseconds);
        Ok(options)
    }

    fn access(&self) -> Result<Access, Failure> {
        let token = self.token.or_file("catalog_rest.token", &self.token_file)?;
        let secret = self.client_secret.or_file("catalog_rest.client_secret", &self.client_secret_file)?;
        match (token.is_empty(), self.client_id.is_empty() && secret.is_empty()) {
            (true, true) if !self.sigv4.is_empty() => self.signed(),
            (true, true) => Ok(Access::Open),
            _ if !self.sigv4.is_empty() => {
                Err(Failure::usage("catalog_rest.sigv4 excludes catalog_rest.token and catalog_rest.client_id"))
            }
            (false, true) => Ok(Access::Token(token.hidden())),
            (true, false) => Ok(Access::Client {
                id: self.client_id.clone(),
                secret: secret.hidden(),
                scope: self.scope.clone(),
                uri: self.token_uri.clone(),
            }),
            (false, false) => Err(Failure::usage("catalog_rest.token and catalog_rest.client_id exclude each other")),
        }
    }

    fn signed(&self) -> Result<Access, Failure> {
        let mut place = aws::Place::new(&self.region);
        place.credentials = self.keys().credentials()?;
        Ok(Access::Signed { place, service: self.sigv4.clone() })
    }

    fn keys(&self) -> Keys<'_> {
        let Self { access_key, secret_key, secret_key_file, .. } = self;
        Keys { section: "catalog_rest", access_key, secret_key, secret_key_file }
    }
}
