//! In what each port is kept: the data folder, or the engine that the configuration names.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use artifacts::{Artifacts, FolderArtifacts};
use domain::clock::Clock;
use domain::random::Random;
use lake::catalog::Catalog;
use lake::{Lake, LakeOptions, LakeParts};
use queue::{FallbackLimiter, Limiter, MemoryLimiter, MemoryQueue, Queue};
use stores::{Accounts, Audit, Directory, Jobs, Memberships};
use stores_sqlite::SqliteStores;

use super::Engines;
use crate::config::Config;
use crate::exit::{Exit, Failure, OrExit};

/// The database of the data folder; not opened where nothing is kept in it.
///
/// # Errors
/// Exit 6 where it cannot be opened, or was made by a newer program.
pub async fn database(
    config: &Config,
    engines: &Engines,
    folder: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<SqliteStores>>, Failure> {
    if engines.aws.records().is_some() && engines.directory.is_some() {
        return Ok(None);
    }
    let stores = SqliteStores::open(&folder.join("outhaul.db"), Arc::clone(clock), config.limits.clone()).await;
    Ok(Some(Arc::new(stores.or_exit(Exit::Unavailable)?)))
}

/// The stores of exports, accounts and the audit trail.
pub type RecordStores = (Arc<dyn Jobs>, Arc<dyn Accounts>, Arc<dyn Audit>);

/// Exports, accounts and the audit trail.
pub fn records(engines: &Engines, database: Option<&Arc<SqliteStores>>) -> RecordStores {
    engines.aws.records().unwrap_or_else(|| {
        let database = database.expect("what no engine keeps is in the data folder");
        (database.clone(), database.clone(), database.clone())
    })
}

/// Who exists, and what they subscribe to.
///
/// # Errors
/// Exit 6 where the database was not migrated, or by a newer program. One that is away is waited for by those who ask it.
pub async fn directory(
    engines: &Engines,
    database: Option<&Arc<SqliteStores>>,
) -> Result<(Arc<dyn Directory>, Arc<dyn Memberships>), Failure> {
    let Some(directory) = &engines.directory else {
        let database = database.expect("what no engine keeps is in the data folder");
        return Ok((database.clone(), database.clone()));
    };
    match directory.version().await {
        Err(error) if !error.retryable() => Err(error).or_exit(Exit::Unavailable),
        _ => Ok((directory.clone(), directory.clone())),
    }
}

/// Wakes and shared limits. While Redis is away each process counts alone.
pub fn queue(engines: &Engines, clock: &Arc<dyn Clock>) -> (Arc<dyn Queue>, Arc<dyn Limiter>) {
    let own = MemoryLimiter::new(Arc::clone(clock));
    match &engines.redis {
        None => (Arc::new(MemoryQueue::default()), Arc::new(own)),
        Some(redis) => {
            let shared = FallbackLimiter::new(Arc::new(redis.limiter()), own);
            (Arc::new(redis.queue()), Arc::new(shared))
        }
    }
}

/// Plans, parts, archives.
pub async fn artifacts(
    engines: &Engines,
    folder: &Path,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Arc<dyn Artifacts>, Failure> {
    match engines.aws.artifacts() {
        Some(in_a_bucket) => Ok(in_a_bucket),
        None => {
            let place = folder.join("artifacts");
            let folder = FolderArtifacts::open(&place, Arc::clone(clock), Arc::clone(random));
            Ok(Arc::new(folder.await.or_exit(Exit::Unavailable)?))
        }
    }
}

/// The table of messages.
pub async fn lake(
    engines: &Engines,
    folder: &Path,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Arc<Lake>, Failure> {
    let options = LakeOptions::default();
    let mut parts = LakeParts::in_folder(folder, options.busy_timeout).await.or_exit(Exit::Unavailable)?;
    if let Some(in_a_bucket) = engines.aws.storage() {
        parts.storage = in_a_bucket;
        parts.orphan_age = LakeParts::ORPHAN_AGE;
    }
    if let Some(catalog) = &engines.catalog {
        parts.catalog = Arc::clone(catalog) as Arc<dyn Catalog>;
    }
    if let Some(rest) = engines.aws.catalog() {
        parts.catalog = rest;
    }
    let lake = Lake::open_with(parts, options, Arc::clone(clock), Arc::clone(random)).await;
    Ok(Arc::new(lake.map_err(|error| anyhow!(error)).or_exit(Exit::Unavailable)?))
}
