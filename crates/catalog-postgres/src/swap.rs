//! The pointer and what moves together with it, inside a transaction.
//!
//! Whoever commits holds one lock until the server has decided, and whoever asks what came of a commit waits for that lock
//! first. So the answer 'not committed' is final, also where the answer to the commit itself was lost on the way.

use domain::ids::IngestId;
use domain::time::Micros;
use lake::catalog::{Batch, BatchKey, CATALOG_NAME, Commit, NAMESPACE, NewBatch, Swapped, TABLE};
use postgres::sqlx::postgres::{PgArguments, PgRow};
use postgres::sqlx::query::Query;
use postgres::sqlx::{Postgres, query};
use postgres::{PostgresError, Transaction, corrupt, get};

use crate::sql;

pub(crate) async fn pointer(tx: &mut Transaction<'_>) -> Result<Option<String>, PostgresError> {
    let found = tx.one("read the pointer", of_table(sql::POINTER)).await?;
    found.map(|row| get("the pointer", &row, 0)).transpose()
}

pub(crate) async fn create(tx: &mut Transaction<'_>, commit: &Commit) -> Result<bool, PostgresError> {
    tx.one("wait for others", query(sql::ALONE)).await?;
    tx.run("make the namespace", query(sql::NAMESPACE).bind(CATALOG_NAME).bind(NAMESPACE)).await?;
    if tx.run("make the table", of_table(sql::CREATE).bind(&commit.to)).await? == 0 {
        return Ok(false);
    }
    record(tx, commit).await?;
    Ok(true)
}

pub(crate) async fn swap(tx: &mut Transaction<'_>, from: &str, commit: &Commit) -> Result<Swapped, PostgresError> {
    tx.one("wait for others", query(sql::ALONE)).await?;
    // The answer to an earlier call may have been lost.
    if let Some(attempt) = committed(tx, commit.staging.id()).await? {
        return Ok(Swapped::Won(attempt));
    }
    if let Some(new) = &commit.batch
        && let Some(known) = batch(tx, &new.key).await?
    {
        return Ok(Swapped::Known(known));
    }
    if tx.run("move the pointer", of_table(sql::MOVE).bind(&commit.to).bind(from)).await? == 0 {
        return Ok(Swapped::Lost);
    }
    record(tx, commit).await?;
    Ok(Swapped::Won(commit.attempt))
}

/// The winning attempt of a commit, once nobody can commit it any more without this being seen.
pub(crate) async fn decided(tx: &mut Transaction<'_>, id: IngestId) -> Result<Option<i64>, PostgresError> {
    tx.one("wait for others", query(sql::BETWEEN_SWAPS)).await?;
    committed(tx, id).await
}

async fn committed(tx: &mut Transaction<'_>, id: IngestId) -> Result<Option<i64>, PostgresError> {
    let found = tx.one("look for a commit", query(sql::COMMITTED).bind(id.0)).await?;
    found.map(|row| get("a commit", &row, 0)).transpose()
}

pub(crate) async fn batch(tx: &mut Transaction<'_>, key: &BatchKey) -> Result<Option<Batch>, PostgresError> {
    let find = query(sql::BATCH).bind(key.organisation.as_str()).bind(&key.key);
    tx.one("look for a batch", find).await?.map(|row| read_batch(&row)).transpose()
}

fn read_batch(row: &PgRow) -> Result<Batch, PostgresError> {
    const WHAT: &str = "a batch";
    let count = |column: usize| u64::try_from(get::<i64>(WHAT, row, column)?).map_err(|error| corrupt(WHAT, error));
    Ok(Batch {
        ingest: IngestId(get(WHAT, row, 0)?),
        snapshot_id: get(WHAT, row, 1)?,
        accepted: count(2)?,
        refused: count(3)?,
        committed_at: Micros(get(WHAT, row, 4)?),
    })
}

async fn record(tx: &mut Transaction<'_>, commit: &Commit) -> Result<(), PostgresError> {
    let id = commit.staging.id().0;
    let insert = query(sql::RECORD_COMMIT).bind(id).bind(commit.attempt).bind(commit.at.0);
    tx.run("record a commit", insert).await?;
    let Some(NewBatch { key, accepted, refused }) = &commit.batch else { return Ok(()) };
    let count = |count: &u64| i64::try_from(*count).map_err(|error| corrupt("a batch", error));
    let insert = query(sql::RECORD_BATCH)
        .bind(key.organisation.as_str())
        .bind(&key.key)
        .bind(id)
        .bind(commit.attempt)
        .bind(count(accepted)?)
        .bind(count(refused)?)
        .bind(commit.at.0);
    tx.run("record a batch", insert).await.map(drop)
}

/// A statement whose first three parameters name the table.
fn of_table<'q>(statement: &'static str) -> Query<'q, Postgres, PgArguments> {
    query(statement).bind(CATALOG_NAME).bind(NAMESPACE).bind(TABLE)
}
