//! Why a store could not answer.

use std::error::Error as StdError;

use thiserror::Error;

/// The cause below a store's error.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why a store could not answer. 'Not found' is no error but `None`.
#[derive(Debug, Error)]
pub enum StoreError {
    /// What stands behind the port is away or busy, or the connection broke; whether a write happened is not known.
    #[error("the store did not answer: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The backend's error.
        source: Cause,
    },
    /// What stands behind the port refused, for a reason that a repeat does not mend.
    #[error("the store failed: {doing}")]
    Backend {
        /// What was being done.
        doing: &'static str,
        /// The backend's error.
        source: Cause,
    },
    /// A record, or the whole store, was written by a newer program: it is left untouched for one.
    #[error("{what} has version {found}, this program reads versions up to {known}")]
    TooNew {
        /// Which record or schema.
        what: String,
        /// Its version.
        found: u32,
        /// The greatest version that this program reads.
        known: u32,
    },
    /// A record of a known version that cannot be read.
    #[error("{what} cannot be read")]
    Corrupt {
        /// Which record.
        what: String,
        /// Why.
        source: Cause,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
