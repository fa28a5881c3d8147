//! PostgreSQL's errors as those of the ports.

use postgres::PostgresError;
use stores::StoreError;

/// The same in the words of the ports.
pub(crate) fn store_error(error: PostgresError) -> StoreError {
    match error {
        PostgresError::Unavailable { doing, source, .. } => StoreError::Unavailable { doing, source },
        PostgresError::Backend { doing, source } => StoreError::Backend { doing, source },
        PostgresError::TooNew { schema, found, known } => {
            StoreError::TooNew { what: format!("the schema {schema}"), found, known }
        }
        PostgresError::Corrupt { what, source } => StoreError::Corrupt { what: what.to_owned(), source },
    }
}

/// An error of a port's own rules, inside of a transaction.
pub(crate) fn from_rule(error: StoreError) -> PostgresError {
    PostgresError::Backend { doing: "judge by the rules", source: error.into() }
}
