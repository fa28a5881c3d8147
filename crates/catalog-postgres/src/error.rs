//! PostgreSQL's errors as those of the lake.

use lake::LakeError;
use postgres::PostgresError;

/// The same in the lake's words.
pub(crate) fn lake_error(error: PostgresError) -> LakeError {
    match error {
        PostgresError::TooNew { found, known, .. } => {
            LakeError::CatalogVersion { found: found.into(), known: known.into() }
        }
        error => LakeError::Catalog { retryable: error.retryable(), source: error.into() },
    }
}
