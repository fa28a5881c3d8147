//! What reads and writes of all ports have in common.

use std::str::FromStr;

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Params, Row, Transaction};
use stores::StoreError;
use stores::error::Cause;

use crate::error::{corrupt, failed};

/// All rows that a statement finds.
pub(crate) fn many<T>(
    tx: &Transaction<'_>,
    statement: &str,
    key: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    doing: &'static str,
) -> Result<Vec<T>, StoreError> {
    let mut statement = tx.prepare_cached(statement).map_err(failed(doing))?;
    let rows = statement.query_map(key, read).map_err(failed(doing))?;
    rows.collect::<Result<_, _>>().map_err(failed(doing))
}

/// The row that a statement finds, if it finds one.
pub(crate) fn one<T>(
    tx: &Transaction<'_>,
    statement: &str,
    key: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    doing: &'static str,
) -> Result<Option<T>, StoreError> {
    let mut statement = tx.prepare_cached(statement).map_err(failed(doing))?;
    statement.query_row(key, read).optional().map_err(failed(doing))
}

/// The one value of the row that a statement finds, if it finds one.
pub(crate) fn value<T: FromSql>(
    tx: &Transaction<'_>,
    statement: &str,
    key: impl Params,
    doing: &'static str,
) -> Result<Option<T>, StoreError> {
    one(tx, statement, key, |row| row.get(0), doing)
}

/// How many rows a statement changed.
pub(crate) fn run(
    tx: &Transaction<'_>,
    statement: &str,
    values: impl Params,
    doing: &'static str,
) -> Result<usize, StoreError> {
    let mut statement = tx.prepare_cached(statement).map_err(failed(doing))?;
    statement.execute(values).map_err(failed(doing))
}

/// A value that this program once wrote as text.
pub(crate) fn parse<T: FromStr<Err: Into<Cause>>>(what: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error: T::Err| corrupt(what, error))
}
