//! `[s3]`: the buckets of the artifacts and of the lake's files, where they are kept there.

use std::path::PathBuf;

#[cfg(feature = "aws")]
use aws::Credentials;
use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::secret::Secret;
use crate::exit::Failure;

/// A bucket of S3, or of a storage that speaks like it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// The bucket; empty where nothing is kept there.
    pub bucket: String,
    /// The bucket of the lake's files; empty where they lie in `bucket`, too.
    pub lake_bucket: String,
    /// What every key begins with, e.g. `outhaul`; empty for nothing.
    pub prefix: String,
    /// The bucket's region.
    pub region: String,
    /// Where the storage answers, e.g. `http://127.0.0.1:8333`; empty for AWS.
    pub endpoint: String,
    /// Whether the bucket stands in the path of a request, not in its host.
    pub path_style: bool,
    /// Key to sign with; empty to ask the environment and the machine as AWS's own tools do.
    pub access_key: String,
    /// Secret of the key; better from the environment or `secret_key_file`.
    pub secret_key: Secret,
    /// File whose first line is the secret; empty for none.
    pub secret_key_file: PathBuf,
    /// KMS key that objects are encrypted with; empty for what the bucket does by itself.
    pub kms_key: String,
    /// Whether ranges that the storage copies are read and compared, for one that does not compare check sums itself.
    pub verify_copies: bool,
}

impl Default for S3 {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            lake_bucket: String::new(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            endpoint: String::new(),
            path_style: false,
            access_key: String::new(),
            secret_key: Secret::default(),
            secret_key_file: PathBuf::new(),
            kms_key: String::new(),
            verify_copies: false,
        }
    }
}

impl S3 {
    /// The bucket of the lake's files.
    pub fn lake_bucket(&self) -> &str {
        if self.lake_bucket.is_empty() { &self.bucket } else { &self.lake_bucket }
    }

    /// `has_artifacts` and `has_lake` say what is kept in buckets.
    pub(super) fn check(&self, has_artifacts: bool, has_lake: bool) -> Result<(), Failure> {
        self.keys().check()?;
        let kept = [("artifacts.kind", has_artifacts, &*self.bucket), ("lake.files", has_lake, self.lake_bucket())];
        match kept.into_iter().find(|(_, is_kept, bucket)| *is_kept && bucket.is_empty()) {
            Some((setting, ..)) => Err(Failure::usage(format!("s3.bucket must be named: {setting} is kept there"))),
            None => Ok(()),
        }
    }

    /// What to sign with.
    ///
    /// # Errors
    /// The secret is given twice, or its file cannot be read.
    #[cfg(feature = "aws")]
    pub fn credentials(&self) -> Result<Credentials, Failure> {
        self.keys().credentials()
    }

    fn keys(&self) -> Keys<'_> {
        let Self { access_key, secret_key, secret_key_file, .. } = self;
        Keys { section: "s3", access_key, secret_key, secret_key_file }
    }
}
