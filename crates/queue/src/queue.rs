//! The port of the queue.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::{Message, Wake};

/// A set of wakes in the order in which they came, each once: a round robin over owners by construction.
///
/// Each call ends within a few seconds, a `take` after its wait, whatever happened to what stands behind the port; while that is
/// known to be away, at once. The same queue works again once it does.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Adds a wake at the end; `false` where the same one waits already, which keeps its place.
    async fn push(&self, wake: Wake) -> Result<bool, QueueError>;

    /// Adds a message that this program cannot handle at the end once `delay` is over, for a newer one to take. A lost
    /// one is no harm.
    async fn push_later(&self, message: Message, delay: Duration) -> Result<(), QueueError>;

    /// Takes the oldest message, waiting up to `wait` for one. Each message goes to one taker; a taker that dies loses
    /// it, and the sweeper makes a new one.
    async fn take(&self, wait: Duration) -> Result<Option<Message>, QueueError>;

    /// How many messages wait to be taken.
    async fn len(&self) -> Result<u64, QueueError>;

    /// Whether none waits.
    async fn is_empty(&self) -> Result<bool, QueueError> {
        Ok(self.len().await? == 0)
    }

    /// Whether any message waits but this wake.
    async fn others_wait(&self, wake: &Wake) -> Result<bool, QueueError>;
}

/// Why the queue could not answer.
#[derive(Debug, Error)]
pub enum QueueError {
    /// What stands behind the port is away or busy.
    #[error("the queue did not answer: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The backend's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl QueueError {
    /// Whether the same call may succeed later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
        }
    }
}
