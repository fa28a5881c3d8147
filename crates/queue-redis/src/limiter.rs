//! Limits that all processes with the same server and prefix share, by the server's clock.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;
use queue::{LimitKey, Limiter, QueueError, Rate, Taken};
use redis::Cmd;

use crate::error::RedisTrouble;
use crate::keys::Keys;
use crate::link::Link;

const TAKE: &str = include_str!("limiter.lua");

/// Limits in Redis. While it is away there is no answer but the error: what then holds, the caller decides, or
/// [`queue::FallbackLimiter`] does. A key is gone a minute after all of it has come free.
pub struct RedisLimiter {
    link: Arc<Link>,
    keys: Keys,
    clock: Option<Arc<dyn Clock>>,
}

impl RedisLimiter {
    pub(crate) const fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self { link, keys, clock: None }
    }

    /// Counts by the monotonic reading of this clock instead of the server's, for tests that cannot wait.
    pub fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }
}

#[async_trait]
impl Limiter for RedisLimiter {
    async fn take(&self, key: &LimitKey, rate: Rate) -> Result<Taken, QueueError> {
        let now = self.clock.as_ref().map(|clock| clock.monotonic());
        let command = call(&self.keys.limit(key), rate, now);
        let wait = self.link.ask(command).await.map_err(RedisTrouble::while_doing("limit"))?;
        Ok(match wait {
            0 => Taken::Yes,
            wait => Taken::No { retry_after: Duration::from_micros(wait) },
        })
    }
}

/// Counts one use of `key`, by the server's clock where no time is given. Sent as text each time: an emptied server
/// knows no script.
pub(crate) fn call(key: &str, rate: Rate, now: Option<Duration>) -> Cmd {
    let now = now.map(|now| now.as_micros().to_string()).unwrap_or_default();
    let interval = u64::try_from(rate.interval().as_micros()).unwrap_or(u64::MAX).max(1);
    redis::cmd("EVAL").arg(TAKE).arg(1).arg(key).arg(interval).arg(rate.times.max(1)).arg(now).take()
}
