//! Values of rows as ours.

use std::str::FromStr;

use sqlx::postgres::PgRow;
use sqlx::{ColumnIndex, Decode, Postgres, Row, Type};

use crate::error::{Cause, PostgresError};

/// A column of a row.
///
/// # Errors
/// `Corrupt` where it has another type, or is null.
pub fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    what: &'static str,
    row: &'r PgRow,
    column: impl ColumnIndex<PgRow>,
) -> Result<T, PostgresError> {
    row.try_get(column).map_err(|error| corrupt(what, error))
}

/// A value that a program of ours once wrote as text.
///
/// # Errors
/// `Corrupt`.
pub fn parse<T: FromStr<Err: Into<Cause>>>(what: &'static str, text: &str) -> Result<T, PostgresError> {
    text.parse().map_err(|error: T::Err| corrupt(what, error))
}

/// A row that no program of ours wrote.
pub fn corrupt(what: &'static str, source: impl Into<Cause>) -> PostgresError {
    PostgresError::Corrupt { what, source: source.into() }
}
