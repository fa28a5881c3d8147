//! Why an object could not be read or written.

use std::io;

use thiserror::Error;

use crate::ObjectName;

/// Why an object could not be read or written. On a look-up 'not found' is no error but `None`.
#[derive(Debug, Error)]
pub enum ArtifactError {
    /// An object that is needed is gone, or shorter than what is needed of it.
    #[error("{object} is missing, or shorter than it must be")]
    Missing {
        /// Which.
        object: ObjectName,
    },
    /// The stored bytes are not those that were written.
    #[error("{object} is corrupt: {what}")]
    Corrupt {
        /// Which.
        object: ObjectName,
        /// What does not agree.
        what: &'static str,
    },
    /// Another object lies under the name already.
    #[error("{object} is there already, with other bytes")]
    Conflict {
        /// Which.
        object: ObjectName,
    },
    /// A patch outside of what was appended, or an object over the limit of the call.
    #[error("bytes {start} to {end} are not within {object}")]
    OutOfRange {
        /// Which.
        object: ObjectName,
        /// First byte.
        start: u64,
        /// First byte after the range.
        end: u64,
    },
    /// The pieces to assemble could not be named.
    #[error("the pieces of an archive could not be listed")]
    Pieces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The storage failed.
    #[error("the storage failed to {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The storage's error.
        source: io::Error,
    },
}

impl ArtifactError {
    /// Whether the same call may succeed later.
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Pieces(_))
    }

    pub(crate) fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

/// For writers that speak `io`; the cause stays inside.
impl From<ArtifactError> for io::Error {
    fn from(error: ArtifactError) -> Self {
        match error {
            ArtifactError::Io { source, .. } => source,
            other => Self::other(other),
        }
    }
}
