//! The engines that the configuration names: each is made once, however many ports stand on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog_postgres::PostgresCatalog;
use catalog_rest::RestCatalog;
use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;
use domain::secret::Secret;
use notifier::Sender;
use postgres::{Deadlines, PostgresOptions, Tls};
use queue_redis::{Redis, RedisOptions, RedisOptionsError};
use s3::{Bucket, OptionError, S3Artifacts, S3Objects, S3Options};
use ses::SesNotifier;
use stores_dynamodb::DynamoStores;
use stores_postgres::PostgresStores;

use crate::config::{self, Catalog, Config, Database, Files, MailKind, PostgresTls, QueueKind, Records};
use crate::exit::Failure;
use crate::remote::tls;

/// What is spoken to over a network, as far as the configuration wants it. None of them is asked anything yet.
#[derive(Default)]
pub struct Engines {
    /// Redis or Valkey: wakes and shared limits.
    pub redis: Option<Redis>,
    /// DynamoDB: exports, accounts, the audit trail.
    pub dynamodb: Option<Arc<DynamoStores>>,
    /// PostgreSQL: users, organisations, members, memberships.
    pub directory: Option<Arc<PostgresStores>>,
    /// PostgreSQL: the pointer to the table of messages.
    pub catalog: Option<Arc<PostgresCatalog>>,
    /// An Iceberg REST catalog: the metadata of the table of messages.
    pub rest: Option<Arc<RestCatalog>>,
    /// SES: letters.
    pub ses: Option<SesNotifier>,
    /// The bucket of the artifacts.
    pub s3: Option<Arc<S3Artifacts>>,
    /// The bucket of the table's files, often the same.
    pub lake: Option<Bucket>,
}

impl Engines {
    /// Those of the configuration.
    ///
    /// # Errors
    /// Exit 2, naming the field that cannot be.
    pub async fn of(config: &Config, clock: &Arc<dyn Clock>, random: &Arc<dyn Random>) -> Result<Self, Failure> {
        let shared = || (Arc::clone(clock), Arc::clone(random));
        let mut engines = Self::default();
        if config.queue.kind == QueueKind::Redis {
            engines.redis = Some(redis(&config.queue, Arc::clone(random))?);
        }
        if config.jobs.kind == Records::DynamoDb {
            engines.dynamodb = Some(Arc::new(dynamodb(config, clock, random).await?));
        }
        if config.directory.kind == Database::Postgres {
            let (clock, random) = shared();
            engines.directory = Some(Arc::new(PostgresStores::at(&service(&config.postgres)?, clock, random)));
        }
        if config.lake.catalog == Catalog::Postgres {
            let (clock, random) = shared();
            engines.catalog = Some(Arc::new(PostgresCatalog::at(&service(&config.postgres)?, clock, random)));
        }
        if config.mail.kind == MailKind::Ses {
            let (clock, random) = shared();
            engines.ses = Some(ses(config, config.mail.sender()?, clock, random).await?);
        }
        if config.artifacts.kind == Files::S3 {
            let (clock, random) = shared();
            let opened = S3Artifacts::open(&s3(&config.s3, &config.s3.bucket)?, clock, random).await;
            engines.s3 = Some(Arc::new(opened.map_err(wrong_s3)?));
        }
        if config.lake.files == Files::S3 {
            let name = config.s3.lake_bucket();
            engines.lake = match &engines.s3 {
                Some(s3) if s3.bucket().name() == name => Some(s3.bucket().clone()),
                _ => {
                    let (clock, random) = shared();
                    Some(Bucket::open(&s3(&config.s3, name)?, clock, random).await.map_err(wrong_s3)?)
                }
            };
        }
        if let (Catalog::Rest, Some(lake)) = (config.lake.catalog, &engines.lake) {
            let (clock, random) = shared();
            engines.rest = Some(Arc::new(rest(&config.catalog_rest, lake, clock, random)?));
        }
        Ok(engines)
    }

    /// Asks each for what it must be and what we may do there.
    pub async fn check(&self, clock: &dyn Clock) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(redis) = &self.redis {
            findings.extend(redis.check(clock).await);
        }
        if let Some(dynamodb) = &self.dynamodb {
            findings.extend(dynamodb.check().await);
        }
        if let Some(directory) = &self.directory {
            findings.extend(directory.check().await);
        }
        if let Some(catalog) = &self.catalog {
            findings.extend(catalog.check().await);
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
}

fn redis(queue: &config::Queue, random: Arc<dyn Random>) -> Result<Redis, Failure> {
    let wrong = |error: RedisOptionsError| Failure::usage(format!("queue.{error}"));
    let mut options = RedisOptions::parse(&queue.url).map_err(wrong)?;
    options.user = given(&queue.user);
    options.password = secret(&queue.password()?);
    options.ca_file = file(&queue.ca_file);
    options.prefix.clone_from(&queue.prefix);
    options.connect_timeout = Duration::from_millis(queue.answer_milliseconds);
    options.answer_timeout = options.connect_timeout;
    Redis::new(&options, random).map_err(wrong)
}

async fn dynamodb(config: &Config, clock: &Arc<dyn Clock>, random: &Arc<dyn Random>) -> Result<DynamoStores, Failure> {
    let options = config.dynamodb.options()?;
    let opened = DynamoStores::open(&options, config.limits.clone(), Arc::clone(clock), Arc::clone(random)).await;
    opened.map_err(|error| match error.field.starts_with("limits.") {
        true => Failure::usage(error),
        false => Failure::usage(format!("dynamodb.{error}")),
    })
}

/// How the service signs in to PostgreSQL.
fn service(postgres: &config::Postgres) -> Result<PostgresOptions, Failure> {
    postgres_as(postgres, &postgres.user, &postgres.password()?)
}

/// How `outhaul migrate` does, as the owner of the tables.
///
/// # Errors
/// Exit 2, naming the field that cannot be.
pub fn owner(postgres: &config::Postgres) -> Result<PostgresOptions, Failure> {
    postgres_as(postgres, &postgres.owner, &postgres.owner_password()?)
}

fn postgres_as(postgres: &config::Postgres, user: &str, password: &config::Secret) -> Result<PostgresOptions, Failure> {
    let wrong = |error: postgres::OptionsError| Failure::usage(format!("postgres: {error}"));
    let tls = match postgres.tls {
        PostgresTls::None => Tls::Disable,
        PostgresTls::Require => Tls::Require,
        PostgresTls::Verify => Tls::VerifyFull { ca_file: file(&postgres.ca_file) },
    };
    let call = Duration::from_millis(postgres.answer_milliseconds);
    let options = PostgresOptions::new(&postgres.host, postgres.port, &postgres.database, user).map_err(wrong)?;
    let options = options.with_password(password.hidden()).with_tls(tls);
    let options = options.with_deadlines(Deadlines { call, ..Deadlines::default() }).map_err(wrong)?;
    options.with_pool_size(postgres.connections).map_err(wrong)
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

/// Amazon SES for the letters of `from`.
///
/// # Errors
/// Exit 2, naming the field that cannot be.
pub async fn ses(
    config: &Config,
    from: Sender,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<SesNotifier, Failure> {
    let options = config.ses.options(config.mail.timeout_seconds)?;
    let made = SesNotifier::new(&options, from, clock, random).await;
    made.map_err(|error| Failure::usage(format!("ses.{error}")))
}

fn wrong_s3(error: OptionError) -> Failure {
    Failure::usage(format!("s3.{error}"))
}

/// An empty setting is none.
fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn file(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

fn secret(secret: &config::Secret) -> Option<Secret> {
    (!secret.is_empty()).then(|| secret.hidden())
}
