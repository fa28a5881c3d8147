//! SQLite's errors as those of the ports.

use rusqlite::ErrorCode;
use stores::StoreError;

/// Says what was being done, and whether a repeat may help.
pub(crate) fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable { doing, source: error.into() },
        _ => StoreError::Backend { doing, source: error.into() },
    }
}

/// A row that no program of ours wrote.
pub(crate) fn corrupt(what: &str, source: impl Into<stores::error::Cause>) -> StoreError {
    StoreError::Corrupt { what: what.to_owned(), source: source.into() }
}
