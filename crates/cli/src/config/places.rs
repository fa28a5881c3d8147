//! `[jobs]`, `[directory]`, `[lake]` and `[artifacts]`: in what each of them is kept.

use serde::{Deserialize, Serialize};

/// In what exports, accounts and the audit trail are kept.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jobs {
    /// `sqlite` (in the data folder) or `dynamodb`.
    pub kind: Records,
}

/// A store of exports, accounts and the audit trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Records {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// The tables of `[dynamodb]`.
    DynamoDb,
}

/// In what users, organisations, members and memberships are kept.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// `sqlite` (in the data folder) or `postgres`.
    pub kind: Database,
}

/// In what the table of messages is kept.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lake {
    /// Where its files lie: `folder` (in the data folder) or `s3`.
    pub files: Files,
    /// What points to its current metadata: `sqlite` (in the data folder), `postgres` or `rest`.
    pub catalog: Catalog,
}

/// In what plans, parts and archives are kept.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Artifacts {
    /// `folder` (in the data folder) or `s3`.
    pub kind: Files,
}

/// A database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// The server of `[postgres]`.
    Postgres,
}

/// What points to the current metadata of the table of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Catalog {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// The server of `[postgres]`.
    Postgres,
    /// The server of `[catalog_rest]`.
    Rest,
}

/// A storage of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Files {
    /// The data folder.
    #[default]
    Folder,
    /// The bucket of `[s3]`.
    S3,
}
