//! What stands on the SDKs of AWS: tables, letters, buckets, and the REST catalog, part of which lies in a bucket.

use std::sync::Arc;

use artifacts::Artifacts;
use catalog_rest::RestCatalog;
use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;
use lake::storage::Storage;
use notifier::{Notifier, Sender};
use s3::{Bucket, OptionError, S3Artifacts, S3Objects, S3Options};
use ses::SesNotifier;
use stores_dynamodb::DynamoStores;
use tokio::runtime::Handle;

use super::engines::given;
use super::places::RecordStores;
use crate::config::{self, Catalog, Config, Files, MailKind, Records};
use crate::exit::{Exit, Failure, OrExit};
use crate::remote::tls;

/// Where tests may kill the process.
#[cfg(feature = "failpoints")]
pub const FAILPOINTS: [&[&str]; 2] = [s3::FAILPOINTS, stores_dynamodb::FAILPOINTS];

/// Those of them that the configuration wants.
#[derive(Default)]
pub struct Aws {
    dynamodb: Option<Arc<DynamoStores>>,
    rest: Option<Arc<RestCatalog>>,
    ses: Option<SesNotifier>,
    /// The bucket of the artifacts.
    s3: Option<Arc<S3Artifacts>>,
    /// The bucket of the table's files, often the same.
    lake: Option<Bucket>,
}

impl Aws {
    /// Those of the configuration; none is asked anything yet.
    ///
    /// # Errors
    /// Exit 2, naming the field that cannot be.
    pub async fn of(config: &Config, clock: &Arc<dyn Clock>, random: &Arc<dyn Random>) -> Result<Self, Failure> {
        let shared = || (Arc::clone(clock), Arc::clone(random));
        let mut aws = Self::default();
        if config.jobs.kind == Records::DynamoDb {
            aws.dynamodb = Some(Arc::new(dynamodb(config, clock, random).await?));
        }
        if config.mail.kind == MailKind::Ses {
            let (clock, random) = shared();
            aws.ses = Some(ses(config, config.mail.sender()?, clock, random).await?);
        }
        if config.artifacts.kind == Files::S3 {
            let (clock, random) = shared();
            let opened = S3Artifacts::open(&s3(&config.s3, &config.s3.bucket)?, clock, random).await;
            aws.s3 = Some(Arc::new(opened.map_err(wrong_s3)?));
        }
        if config.lake.files == Files::S3 {
            let name = config.s3.lake_bucket();
            aws.lake = match &aws.s3 {
                Some(s3) if s3.bucket().name() == name => Some(s3.bucket().clone()),
                _ => {
                    let (clock, random) = shared();
                    Some(Bucket::open(&s3(&config.s3, name)?, clock, random).await.map_err(wrong_s3)?)
                }
            };
        }
        if let (Catalog::Rest, Some(lake)) = (config.lake.catalog, &aws.lake) {
            let (clock, random) = shared();
            aws.rest = Some(Arc::new(rest(&config.catalog_rest, lake, clock, random)?));
        }
        Ok(aws)
    }

    /// Asks each for what it must be and what we may do there.
    pub async fn check(&self, clock: &dyn Clock) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(dynamodb) = &self.dynamodb {
            findings.extend(dynamodb.check().await);
        }
        if let Some(rest) = &self.rest {
            findings.extend(rest.check(clock).await);
        }
        if let Some(ses) = &self.ses {
            findings.extend(ses.check().await);
        }
        if let Some(s3) = &self.s3 {
            findings.extend(s3.bucket().check().await);
        }
        if let Some(lake) = self.lake.as_ref().filter(|lake| !self.holds_artifacts(lake)) {
            let named =
                |finding: Finding| Finding { text: format!("{} (bucket of messages)", finding.text), ..finding };
            findings.extend(lake.check().await.into_iter().map(named));
        }
        findings
    }

    fn holds_artifacts(&self, bucket: &Bucket) -> bool {
        self.s3.as_ref().is_some_and(|s3| s3.bucket().name() == bucket.name())
    }

    /// Exports, accounts and the audit trail, where they are in tables.
    pub fn records(&self) -> Option<RecordStores> {
        self.dynamodb.as_ref().map(|tables| (tables.clone() as _, tables.clone() as _, tables.clone() as _))
    }

    /// Plans, parts and archives, where they lie in a bucket.
    pub fn artifacts(&self) -> Option<Arc<dyn Artifacts>> {
        self.s3.as_ref().map(|s3| s3.clone() as _)
    }

    /// The table's files, where they lie in a bucket.
    pub fn storage(&self) -> Option<Arc<dyn Storage>> {
        self.lake.as_ref().map(|bucket| Arc::new(s3::lake::storage(bucket.clone(), Handle::current())) as _)
    }

    /// The table's catalog, where it is behind the REST protocol.
    pub fn catalog(&self) -> Option<Arc<dyn lake::catalog::Catalog>> {
        self.rest.as_ref().map(|rest| rest.clone() as _)
    }
}

/// Makes the tables of DynamoDB, and says what was done to each.
///
/// # Errors
/// Exit 6 where that fails.
pub async fn migrate(config: &Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Vec<String>, Failure> {
    stores_dynamodb::migrate(&config.dynamodb.options()?, clock, random).await.or_exit(Exit::Unavailable)
}

/// Amazon SES for the letters of `from`.
///
/// # Errors
/// Exit 2, naming the field that cannot be.
pub async fn notifier(
    config: &Config,
    from: Sender,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Arc<dyn Notifier>, Failure> {
    Ok(Arc::new(ses(config, from, clock, random).await?))
}

async fn ses(
    config: &Config,
    from: Sender,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<SesNotifier, Failure> {
    let options = config.ses.options(config.mail.timeout_seconds)?;
    let made = SesNotifier::new(&options, from, clock, random).await;
    made.map_err(|error| Failure::usage(format!("ses.{error}")))
}

async fn dynamodb(config: &Config, clock: &Arc<dyn Clock>, random: &Arc<dyn Random>) -> Result<DynamoStores, Failure> {
    let options = config.dynamodb.options()?;
    let opened = DynamoStores::open(&options, config.limits.clone(), Arc::clone(clock), Arc::clone(random)).await;
    opened.map_err(|error| match error.field.starts_with("limits.") {
        true => Failure::usage(error),
        false => Failure::usage(format!("dynamodb.{error}")),
    })
}

fn s3(s3: &config::S3, bucket: &str) -> Result<S3Options, Failure> {
    let mut options = S3Options::new(bucket, &s3.region);
    options.prefix.clone_from(&s3.prefix);
    options.place.endpoint = given(&s3.endpoint);
    options.path_style = s3.path_style;
    options.kms_key = given(&s3.kms_key);
    options.verify_copies = s3.verify_copies;
    options.place.credentials = s3.credentials()?;
    options.check().map_err(wrong_s3)?;
    Ok(options)
}

/// What it remembers beside the server lies in the bucket, beside the table.
fn rest(
    rest: &config::CatalogRest,
    bucket: &Bucket,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<RestCatalog, Failure> {
    let wrong = |error: catalog_rest::OptionError| Failure::usage(format!("catalog_rest.{error}"));
    let mut options = rest.options()?;
    options.tls = tls::config()?;
    let objects = S3Objects::new(bucket.clone());
    let beside = objects.location("lake/catalog");
    RestCatalog::new(options, Arc::new(objects), beside, clock, random).map_err(wrong)
}

fn wrong_s3(error: OptionError) -> Failure {
    Failure::usage(format!("s3.{error}"))
}
