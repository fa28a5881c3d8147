//! The port of limits that all API processes share: how often something may be done.

mod fallback;
mod memory;

use std::time::Duration;

use async_trait::async_trait;

use crate::QueueError;

pub use fallback::FallbackLimiter;
pub use memory::MemoryLimiter;

/// What is counted. `subject` is a digest, so that whoever reads the store learns no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey {
    /// Which limit: the same subject may be counted under several.
    pub limit: &'static str,
    /// A digest of whom or what it is about.
    pub subject: [u8; 32],
}

/// So many times within such a time. Whoever was still gets all at once; then one comes free each `per / times`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once; at least 1.
    pub times: u32,
    /// The time in which as many come free again.
    pub per: Duration,
}

impl Rate {
    /// The time in which one comes free.
    pub fn interval(&self) -> Duration {
        self.per / self.times.max(1)
    }
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It may be done, and was counted.
    Yes,
    /// Not now, and it was not counted.
    No {
        /// When one comes free.
        retry_after: Duration,
    },
}

/// Counts what is done. Emptying it is no harm but a fresh start.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Counts one use of `key`, if `rate` allows it now (the generic cell rate algorithm, ITU-T I.371 annex A).
    async fn take(&self, key: &LimitKey, rate: Rate) -> Result<Taken, QueueError>;
}
