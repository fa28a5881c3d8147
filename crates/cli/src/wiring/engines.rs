//! The engines that the configuration names: each is made once, however many ports stand on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog_postgres::PostgresCatalog;
use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;
use domain::secret::Secret;
use postgres::{Deadlines, PostgresOptions, Tls};
use queue_redis::{Redis, RedisOptions, RedisOptionsError};
use stores_postgres::PostgresStores;

use super::aws::Aws;
use crate::config::{self, Catalog, Config, Database, PostgresTls, QueueKind};
use crate::exit::Failure;

/// What is spoken to over a network, as far as the configuration wants it. None of them is asked anything yet.
pub struct Engines {
    /// Redis or Valkey: wakes and shared limits.
    pub redis: Option<Redis>,
    /// PostgreSQL: users, organisations, members, memberships.
    pub directory: Option<Arc<PostgresStores>>,
    /// PostgreSQL: the pointer to the table of messages.
    pub catalog: Option<Arc<PostgresCatalog>>,
    /// Tables, letters and buckets.
    pub aws: Aws,
}

impl Engines {
    /// Those of the configuration.
    ///
    /// # Errors
    /// Exit 2, naming the field that cannot be.
    pub async fn of(config: &Config, clock: &Arc<dyn Clock>, random: &Arc<dyn Random>) -> Result<Self, Failure> {
        let mut engines =
            Self { redis: None, directory: None, catalog: None, aws: Aws::of(config, clock, random).await? };
        if config.queue.kind == QueueKind::Redis {
            engines.redis = Some(redis(&config.queue, Arc::clone(random))?);
        }
        let shared = || (Arc::clone(clock), Arc::clone(random));
        if config.directory.kind == Database::Postgres {
            let (clock, random) = shared();
            engines.directory = Some(Arc::new(PostgresStores::at(&service(&config.postgres)?, clock, random)));
        }
        if config.lake.catalog == Catalog::Postgres {
            let (clock, random) = shared();
            engines.catalog = Some(Arc::new(PostgresCatalog::at(&service(&config.postgres)?, clock, random)));
        }
        Ok(engines)
    }

    /// Asks each for what it must be and what we may do there.
    pub async fn check(&self, clock: &dyn Clock) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(redis) = &self.redis {
            findings.extend(redis.check(clock).await);
        }
        if let Some(directory) = &self.directory {
            findings.extend(directory.check().await);
        }
        if let Some(catalog) = &self.catalog {
            findings.extend(catalog.check().await);
        }
        findings.extend(self.aws.check(clock).await);
        findings
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

/// An empty setting is none.
pub(super) fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn file(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

fn secret(secret: &config::Secret) -> Option<Secret> {
    (!secret.is_empty()).then(|| secret.hidden())
}
