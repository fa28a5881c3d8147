//! The catalog in one SQLite file, laid out so that Iceberg's SQL catalogs of other languages open it too.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::ids::{ExportId, IngestId};
use domain::time::Micros;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Batch, BatchKey, CATALOG_NAME, Catalog, Commit, NAMESPACE, NewBatch, Pin, Pointer, Swapped, TABLE};
use crate::disk;
use crate::error::LakeError;

/// Written to `user_version`.
const VERSION: i64 = 1;

/// The first two tables are those of pyiceberg's `SqlCatalog` and Java's `JdbcCatalog` (schema V1), the others are ours.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS iceberg_tables (
    catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL,
    metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name));
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
    catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL,
    property_value VARCHAR(1000) NOT NULL, PRIMARY KEY (catalog_name, namespace, property_key));
CREATE TABLE IF NOT EXISTS commits (
    id TEXT PRIMARY KEY, attempt INTEGER NOT NULL, committed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    organisation TEXT NOT NULL, batch_key TEXT NOT NULL, ingest_id TEXT NOT NULL UNIQUE, snapshot_id INTEGER NOT NULL,
    accepted INTEGER NOT NULL, refused INTEGER NOT NULL, committed_at INTEGER NOT NULL,
    PRIMARY KEY (organisation, batch_key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pins (
    export_id TEXT PRIMARY KEY, owner TEXT NOT NULL, snapshot_id INTEGER NOT NULL,
    pinned_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";
const OF_TABLE: &str = "catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3";

/// A catalog in a SQLite file (WAL), shared by any number of processes of one machine.
#[derive(Clone, Debug)]
pub struct SqliteCatalog {
    connection: Arc<Mutex<Connection>>,
}

/// What SQLite syncs at the end of a write (`PRAGMA synchronous`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Synced {
    /// The log: the write is durable.
    Full,
    /// Nothing yet: it is durable with the next write that is, in the order they were made.
    Normal,
}

impl SqliteCatalog {
    /// Opens or makes the file; waits at most `busy_timeout` for other processes, here and in each later call.
    pub async fn open(path: PathBuf, busy_timeout: Duration) -> Result<Self, LakeError> {
        let connection = disk::blocking(move || {
            // SQLite gives its log files the mode of this one.
            if !path.exists() {
                disk::create_file(&path).map(drop).or_else(|error| if path.exists() { Ok(()) } else { Err(error) })?;
            }
            let mut connection = Connection::open(&path).map_err(failed)?;
            connection.busy_timeout(busy_timeout).map_err(failed)?;
            prepare(&mut connection)?;
            Ok(connection)
        })
        .await?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs one transaction that takes the write lock at its start, so that it cannot fail halfway for another writer.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        synced: Synced,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LakeError> {
        self.with(move |connection| transact(connection, synced, work)).await
    }

    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LakeError> {
        let connection = Arc::clone(&self.connection);
        disk::blocking(move || {
            // A transaction that panicked was rolled back, so the connection is still good.
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner)).map_err(failed)
        })
        .await
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn pointer(&self) -> Result<Option<Pointer>, LakeError> {
        Ok(self.with(|connection| pointer(connection)).await?.map(Pointer::to))
    }

    async fn create(&self, commit: Commit) -> Result<bool, LakeError> {
        self.write(Synced::Full, move |transaction| {
            if pointer(transaction)?.is_some() {
                return Ok(false);
            }
            transaction.execute(
                "INSERT INTO iceberg_namespace_properties VALUES (?1, ?2, 'exists', 'true') ON CONFLICT DO NOTHING",
                params![CATALOG_NAME, NAMESPACE],
            )?;
            transaction.execute(
                "INSERT INTO iceberg_tables VALUES (?1, ?2, ?3, ?4, NULL, 'TABLE')",
                params![CATALOG_NAME, NAMESPACE, TABLE, commit.to],
            )?;
            record(transaction, &commit)?;
            Ok(true)
        })
        .await
    }

    async fn swap(&self, from: &str, commit: Commit) -> Result<Swapped, LakeError> {
        let from = from.to_owned();
        self.write(Synced::Full, move |transaction| {
            // The answer to an earlier call may have been lost.
            if let Some(attempt) = committed(transaction, commit.staging.id())? {
                return Ok(Swapped::Won(attempt));
            }
            let known = commit.batch.as_ref().map(|new| batch(transaction, &new.key)).transpose()?.flatten();
            if let Some(known) = known {
                return Ok(Swapped::Known(known));
            }
            let moved = transaction.execute(
                &format!(
                    "UPDATE iceberg_tables SET metadata_location = ?4, previous_metadata_location = ?5
                     WHERE {OF_TABLE} AND metadata_location = ?5"
                ),
                params![CATALOG_NAME, NAMESPACE, TABLE, commit.to, from],
            )?;
            if moved == 0 {
                return Ok(Swapped::Lost);
            }
            record(transaction, &commit)?;
            Ok(Swapped::Won(commit.attempt))
        })
        .await
    }

    async fn committed(&self, id: IngestId) -> Result<Option<i64>, LakeError> {
        self.with(move |connection| committed(connection, id)).await
    }

    async fn batch(&self, key: &BatchKey) -> Result<Option<Batch>, LakeError> {
        let key = key.clone();
        self.with(move |connection| batch(connection, &key)).await
    }

    async fn pin(&self, pin: Pin) -> Result<Pin, LakeError> {
        let export = pin.export;
        let insert = move |transaction: &Transaction<'_>| {
            let mut insert =
                transaction.prepare_cached("INSERT INTO pins VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?;
            insert.execute(params![export.to_string(), pin.owner.to_string(), pin.snapshot_id, pin.pinned_at.0])?;
            pinned(transaction, export)
        };
        self.with(move |connection| match pinned(connection, export).optional()? {
            Some(known) => Ok(known),
            None => transact(connection, Synced::Normal, insert),
        })
        .await
    }

    async fn unpin(&self, export: ExportId) -> Result<(), LakeError> {
        self.write(Synced::Normal, move |transaction| {
            let mut delete = transaction.prepare_cached("DELETE FROM pins WHERE export_id = ?1")?;
            delete.execute([export.to_string()]).map(drop)
        })
        .await
    }

    async fn pins(&self) -> Result<Vec<Pin>, LakeError> {
        self.with(|connection| {
            let mut all = connection.prepare(&format!("SELECT {OF_PIN} FROM pins ORDER BY pinned_at, export_id"))?;
            all.query_map([], read_pin)?.collect()
        })
        .await
    }
}

fn transact<T>(
    connection: &mut Connection,
    synced: Synced,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // Each time, whatever became of the one before; not possible inside of a transaction.
    let level = if synced == Synced::Normal { "NORMAL" } else { "FULL" };
    connection.pragma_update(None, "synchronous", level)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// The columns of [`read_pin`].
const OF_PIN: &str = "owner, export_id, snapshot_id, pinned_at";

fn pinned(connection: &Connection, export: ExportId) -> rusqlite::Result<Pin> {
    let mut select = connection.prepare_cached(&format!("SELECT {OF_PIN} FROM pins WHERE export_id = ?1"))?;
    select.query_row([export.to_string()], read_pin)
}

fn read_pin(row: &rusqlite::Row<'_>) -> rusqlite::Result<Pin> {
    Ok(Pin { owner: id(row, 0)?, export: id(row, 1)?, snapshot_id: row.get(2)?, pinned_at: Micros(row.get(3)?) })
}

fn pointer(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let query = format!("SELECT metadata_location FROM iceberg_tables WHERE {OF_TABLE}");
    let mut select = connection.prepare_cached(&query)?;
    select.query_row([CATALOG_NAME, NAMESPACE, TABLE], |row| row.get(0)).optional()
}

fn committed(connection: &Connection, id: IngestId) -> rusqlite::Result<Option<i64>> {
    let query = "SELECT attempt FROM commits WHERE id = ?1";
    connection.query_row(query, [id.to_string()], |row| row.get(0)).optional()
}

fn batch(connection: &Connection, key: &BatchKey) -> rusqlite::Result<Option<Batch>> {
    let query = "SELECT ingest_id, snapshot_id, accepted, refused, committed_at FROM batches
                 WHERE organisation = ?1 AND batch_key = ?2";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Batch {
            ingest: id(row, 0)?,
            snapshot_id: row.get(1)?,
            accepted: row.get(2)?,
            refused: row.get(3)?,
            committed_at: Micros(row.get(4)?),
        })
    };
    connection.query_row(query, [key.organisation.as_str(), &key.key], read).optional()
}

fn record(transaction: &Transaction<'_>, commit: &Commit) -> rusqlite::Result<()> {
    let id = commit.staging.id().to_string();
    transaction.execute("INSERT INTO commits VALUES (?1, ?2, ?3)", params![id, commit.attempt, commit.at.0])?;
    let Some(NewBatch { key, accepted, refused }) = &commit.batch else { return Ok(()) };
    transaction.execute(
        "INSERT INTO batches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![key.organisation.as_str(), key.key, id, commit.attempt, accepted, refused, commit.at.0],
    )?;
    Ok(())
}

fn id<T: std::str::FromStr>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn prepare(connection: &mut Connection) -> Result<(), LakeError> {
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    // Two processes may open a new file at the same time.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    match found {
        VERSION => Ok(()),
        0 => {
            transaction.execute_batch(TABLES).map_err(failed)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
            transaction.commit().map_err(failed)
        }
        _ => Err(LakeError::CatalogVersion { found, known: VERSION }),
    }
}

fn failed(error: rusqlite::Error) -> LakeError {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    let retryable = matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked));
    LakeError::Catalog { source: Box::new(error), retryable }
}
