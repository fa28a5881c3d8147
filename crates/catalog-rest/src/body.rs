//! What stands in requests and answers (Iceberg's REST catalog OpenAPI document), as far as it is used here.

use std::collections::HashMap;

use iceberg::spec::{Schema, SortOrder, TableMetadata, UnboundPartitionSpec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::RestError;
use crate::http::Answer;

/// `GET /v1/config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub defaults: HashMap<String, String>,
    pub overrides: HashMap<String, String>,
}

/// A table that was loaded or made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Loaded {
    pub metadata_location: Option<String>,
    pub metadata: Box<RawValue>,
}

/// The part of the metadata that our library keeps to itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct References {
    pub refs: HashMap<String, Value>,
}

/// A new namespace.
#[derive(Debug, Serialize)]
pub(crate) struct NewNamespace<'a> {
    pub namespace: [&'a str; 1],
    pub properties: HashMap<String, String>,
}

/// A new table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct NewTable<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<&'a str>,
    pub schema: &'a Schema,
    pub partition_spec: &'a UnboundPartitionSpec,
    pub write_order: &'a SortOrder,
    pub stage_create: bool,
    pub properties: HashMap<String, String>,
}

/// A commit.
#[derive(Debug, Serialize)]
pub(crate) struct NewCommit {
    pub requirements: Vec<Value>,
    pub updates: Vec<Value>,
}

/// An OAuth 2.0 token (RFC 6749 section 5.1).
#[derive(Deserialize)]
pub(crate) struct Granted {
    pub access_token: String,
    pub expires_in: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Failed {
    error: Reason,
}

#[derive(Debug, Default, Deserialize)]
struct Reason {
    #[serde(default)]
    message: String,
    #[serde(default, rename = "type")]
    kind: String,
}

/// What a good answer says.
pub(crate) fn read<T: DeserializeOwned>(call: &'static str, answer: &Answer) -> Result<T, RestError> {
    if !(200..300).contains(&answer.status) {
        return Err(refused(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|error| garbled(call, &error))
}

/// What an answer that is not good says.
pub(crate) fn refused(answer: &Answer) -> RestError {
    let Failed { error } = serde_json::from_slice(&answer.body).unwrap_or_default();
    RestError::answered(answer.status, &error.kind, &error.message)
}

/// The metadata of a table, and the names of its references.
pub(crate) fn metadata(loaded: &Loaded) -> Result<(TableMetadata, References), RestError> {
    let text = loaded.metadata.get();
    let wrong = |error| garbled("load table", &error);
    Ok((serde_json::from_str(text).map_err(wrong)?, serde_json::from_str(text).map_err(wrong)?))
}

/// Where it went wrong; the text itself may hold anything.
pub(crate) fn garbled(call: &'static str, error: &serde_json::Error) -> RestError {
    let why = format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
    RestError::Garbled { call, why }
}
