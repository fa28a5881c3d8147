//! Why a step did not succeed, and whether another attempt may.

use artifacts::ArtifactError;
use domain::export::Outcome;
use lake::LakeError;
use notifier::NotifyError;
use stores::StoreError;
use thiserror::Error;

use crate::lanes::LaneError;
use crate::part::BuildError;
use crate::reconcile::Unreconciled;
use parts::plan::PlanError;
use parts::{ReadError, RecordError};

/// Why a step did not succeed.
#[derive(Debug, Error)]
pub enum StepError {
    /// The lake.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The artifacts.
    #[error(transparent)]
    Artifacts(#[from] ArtifactError),
    /// The name of an object.
    #[error(transparent)]
    Name(#[from] artifacts::NameError),
    /// The plan object.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Building a part.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The record beside a part.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Rows do not add up.
    #[error(transparent)]
    Unreconciled(#[from] Unreconciled),
    /// Reading or writing a stream of ours.
    #[error("a file could not be put together")]
    Io(#[from] std::io::Error),
    /// The directory, the memberships or the job store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The letter.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// More segments than a plan can number.
    #[error("the range is cut into {segments} segments, more than one export may have")]
    TooManySegments {
        /// How many.
        segments: usize,
    },
    /// The step's thread ended without a result.
    #[error("the step ended without a result")]
    Lost(#[from] tokio::task::JoinError),
    /// The lane of a segment.
    #[error(transparent)]
    Lane(#[from] LaneError),
}

impl StepError {
    /// Whether another attempt may succeed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Lake(error) => error.retryable(),
            Self::Store(error) => error.retryable(),
            Self::Notify(error) => error.retryable(),
            Self::Artifacts(error) => error.retryable(),
            Self::Build(error) => error.retryable(),
            Self::Plan(error) => error.retryable(),
            Self::Name(_) | Self::Unreconciled(_) | Self::TooManySegments { .. } => false,
            Self::Record(_) | Self::Io(_) | Self::Lost(_) | Self::Lane(_) => true,
        }
    }

    /// What is recorded of the attempt.
    pub fn outcome(&self) -> Outcome {
        let message = message(self);
        match self {
            Self::Build(BuildError::Stopped) => Outcome::GivenBack,
            _ if self.retryable() => Outcome::Failed { message, days: None },
            _ => Outcome::Refused { message, days: None },
        }
    }
}

impl From<ReadError> for StepError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Artifacts(error) => Self::Artifacts(error),
            ReadError::Plan(error) => Self::Plan(error),
            ReadError::Lost(error) => Self::Lost(error),
        }
    }
}

/// An error and its causes in one line.
pub fn message(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
