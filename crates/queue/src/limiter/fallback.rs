//! Shared limits with limits of this process behind them, for the time in which the shared ones give no answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tracing::{info, warn};

use super::{LimitKey, Limiter, MemoryLimiter, Rate, Taken};
use crate::QueueError;

/// Answers also while the shared limits are away: nobody is locked out then, and nobody may try without end, but as often
/// at each process as else in all.
///
/// What the shared limits allow is counted here, too, so that when they go away nobody begins anew.
pub struct FallbackLimiter {
    shared: Arc<dyn Limiter>,
    own: MemoryLimiter,
    is_away: AtomicBool,
}

impl FallbackLimiter {
    /// Asks `shared` first, and `own` where it gives no answer.
    pub const fn new(shared: Arc<dyn Limiter>, own: MemoryLimiter) -> Self {
        Self { shared, own, is_away: AtomicBool::new(false) }
    }

    /// Logs what changes, and not each call.
    fn note(&self, error: Option<&QueueError>) {
        let was_away = self.is_away.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was_away => warn!(%error, "shared limits do not answer; this process counts alone"),
            None if was_away => info!("shared limits answer again"),
            _ => {}
        }
    }
}

#[async_trait]
impl Limiter for FallbackLimiter {
    async fn take(&self, key: &LimitKey, rate: Rate) -> Result<Taken, QueueError> {
        let answer = self.shared.take(key, rate).await;
        self.note(answer.as_ref().err());
        match answer {
            Ok(Taken::Yes) => self.own.take(key, rate).await.map(|_| Taken::Yes),
            Ok(refused) => Ok(refused),
            Err(_) => self.own.take(key, rate).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::clock::ManualClock;
    use domain::time::Micros;

    use super::*;

    const RATE: Rate = Rate { times: 3, per: Duration::from_secs(30) };
    const KEY: LimitKey = LimitKey { limit: "test", subject: [0; 32] };

    /// Limits that can go away.
    struct Shaky {
        limits: MemoryLimiter,
        is_away: AtomicBool,
    }

    #[async_trait]
    impl Limiter for Shaky {
        async fn take(&self, key: &LimitKey, rate: Rate) -> Result<Taken, QueueError> {
            if self.is_away.load(Ordering::Relaxed) {
                return Err(QueueError::Unavailable { doing: "limit", source: "away".into() });
            }
            self.limits.take(key, rate).await
        }
    }

    fn shaky(clock: &Arc<ManualClock>) -> (Arc<Shaky>, FallbackLimiter) {
        let limits = || MemoryLimiter::new(clock.clone());
        let shared = Arc::new(Shaky { limits: limits(), is_away: AtomicBool::new(false) });
        (shared.clone(), FallbackLimiter::new(shared, limits()))
    }

    async fn check(limiter: &FallbackLimiter, expected: &[Option<u64>]) {
        for expected in expected {
            let found = match limiter.take(&KEY, RATE).await.unwrap() {
                Taken::Yes => None,
                Taken::No { retry_after } => Some(retry_after.as_secs()),
            };
            assert_eq!(found, *expected);
        }
    }

    crate::limiter_contract!(|clock: Arc<ManualClock>| Some(shaky(&clock).1));

    #[tokio::test]
    async fn who_tries_while_the_shared_limits_are_away_goes_on_where_they_stood() {
        let clock = Arc::new(ManualClock::at(Micros(0)));
        let (shared, limiter) = shaky(&clock);
        check(&limiter, &[None, None]).await;
        shared.is_away.store(true, Ordering::Relaxed);
        check(&limiter, &[None, Some(10), Some(10)]).await;
        clock.advance(Duration::from_secs(10));
        check(&limiter, &[None, Some(10)]).await;
        // Back, they know nothing of what was done meanwhile.
        shared.is_away.store(false, Ordering::Relaxed);
        check(&limiter, &[None, None, Some(10)]).await;
    }

    #[tokio::test]
    async fn what_the_shared_limits_refuse_is_not_counted() {
        let clock = Arc::new(ManualClock::at(Micros(0)));
        let (shared, limiter) = shaky(&clock);
        for _ in 0..3 {
            shared.take(&KEY, RATE).await.unwrap();
        }
        check(&limiter, &[Some(10), Some(10)]).await;
        shared.is_away.store(true, Ordering::Relaxed);
        check(&limiter, &[None, None, None, Some(10)]).await;
    }
}
