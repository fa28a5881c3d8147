//! A build without the feature `aws`: nothing of it is there, and the configuration was refused to whoever wants it.

use std::sync::Arc;

use artifacts::Artifacts;
use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;
use lake::catalog::Catalog;
use lake::storage::Storage;
use notifier::{Notifier, Sender};

use super::places::RecordStores;
use crate::config::{Config, refused};
use crate::exit::Failure;

/// Where tests may kill the process.
#[cfg(feature = "failpoints")]
pub const FAILPOINTS: [&[&str]; 0] = [];

/// Nothing.
pub struct Aws;

impl Aws {
    pub async fn of(_: &Config, _: &Arc<dyn Clock>, _: &Arc<dyn Random>) -> Result<Self, Failure> {
        Ok(Self)
    }

    pub async fn check(&self, _: &dyn Clock) -> Vec<Finding> {
        Vec::new()
    }

    pub fn records(&self) -> Option<RecordStores> {
        None
    }

    pub fn artifacts(&self) -> Option<Arc<dyn Artifacts>> {
        None
    }

    pub fn storage(&self) -> Option<Arc<dyn Storage>> {
        None
    }

    pub fn catalog(&self) -> Option<Arc<dyn Catalog>> {
        None
    }
}

/// # Errors
/// Always: there are no tables.
pub async fn migrate(_: &Config, _: Arc<dyn Clock>, _: Arc<dyn Random>) -> Result<Vec<String>, Failure> {
    Err(refused("jobs.kind = \"dynamodb\""))
}

/// # Errors
/// Always: nobody takes letters.
pub async fn notifier(
    _: &Config,
    _: Sender,
    _: Arc<dyn Clock>,
    _: Arc<dyn Random>,
) -> Result<Arc<dyn Notifier>, Failure> {
    Err(refused("mail.kind = \"ses\""))
}
