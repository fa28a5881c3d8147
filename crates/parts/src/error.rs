//! Why a plan could not be read.

use artifacts::ArtifactError;
use thiserror::Error;

use crate::plan::PlanError;

/// Why a plan could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The artifacts.
    #[error(transparent)]
    Artifacts(#[from] ArtifactError),
    /// The plan object.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The reading thread ended without a result.
    #[error("the plan was not read to its end")]
    Lost(#[from] tokio::task::JoinError),
}

impl ReadError {
    /// Whether another attempt may succeed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Artifacts(error) => error.retryable(),
            Self::Plan(error) => error.retryable(),
            Self::Lost(_) => true,
        }
    }
}
