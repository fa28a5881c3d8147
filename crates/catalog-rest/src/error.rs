//! Why the catalog did not do what was asked, and what it means for the lake.

use lake::LakeError;
use lake::storage::ObjectError;
use thiserror::Error;

/// Most of a server's own words that are repeated (bytes).
const WORDS: usize = 300;

/// Why the catalog did not do what was asked.
#[derive(Debug, Error)]
pub(crate) enum RestError {
    /// No answer came: whether it was done is not known.
    #[error("it cannot be used: {why}")]
    Away { why: String },
    /// It said no, or could not.
    #[error("it answered {status} {kind}: {message}")]
    Answered { status: u16, kind: String, message: String },
    /// It said something that the protocol does not know.
    #[error("its answer to {call} is not one: {why}")]
    Garbled { call: &'static str, why: String },
    /// A commit is neither there nor refused.
    #[error("whether a commit was made is not known yet")]
    Undecided,
    /// The objects beside the table failed.
    #[error("its records cannot be used: {0}")]
    Records(#[from] ObjectError),
}

impl RestError {
    /// What a server says of itself, cut short.
    pub fn answered(status: u16, kind: &str, message: &str) -> Self {
        let cut = |text: &str| text.chars().filter(|sign| !sign.is_control()).take(WORDS).collect();
        Self::Answered { status, kind: cut(kind), message: cut(message) }
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Away { .. } | Self::Undecided => true,
            Self::Answered { status, .. } => is_passing(*status),
            Self::Garbled { .. } => false,
            Self::Records(error) => error.retryable,
        }
    }

    /// Whether what was asked for may have been done, or may still be.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Away { .. } | Self::Garbled { .. } => true,
            Self::Answered { status, .. } => *status == 408 || *status >= 500,
            Self::Undecided | Self::Records(_) => false,
        }
    }
}

/// Whether an answer says that another one may come later.
pub(crate) fn is_passing(status: u16) -> bool {
    // 419 is the protocol's own: the login has timed out.
    matches!(status, 408 | 419 | 429) || status >= 500
}

impl From<RestError> for LakeError {
    fn from(error: RestError) -> Self {
        Self::Catalog { retryable: error.retryable(), source: Box::new(error) }
    }
}
