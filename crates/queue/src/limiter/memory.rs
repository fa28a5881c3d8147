//! Limits in the memory of one process: the embedded default, bounded in size, and the twin for tests.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;

use super::{LimitKey, Limiter, Rate, Taken};
use crate::QueueError;

/// Most keys that are remembered (about 20 MB).
const KEYS_LIMIT: usize = 100_000;

/// Limits that live as long as their process.
pub struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    capacity: usize,
    counts: Mutex<Counts>,
}

/// For each key the time at which it is as if nothing had been done; the soonest is forgotten first.
#[derive(Default)]
struct Counts {
    free_at: HashMap<LimitKey, Duration>,
    order: BTreeSet<(Duration, LimitKey)>,
}

impl MemoryLimiter {
    /// Limits by this clock's monotonic reading.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_capacity(clock, KEYS_LIMIT)
    }

    /// The same with another bound.
    fn with_capacity(clock: Arc<dyn Clock>, capacity: usize) -> Self {
        Self { clock, capacity, counts: Mutex::default() }
    }
}

impl Counts {
    fn set(&mut self, key: LimitKey, free_at: Duration) {
        if let Some(before) = self.free_at.insert(key, free_at) {
            self.order.remove(&(before, key));
        }
        self.order.insert((free_at, key));
    }

    /// Forgets what is over; above the bound also keys that were hardly used, so a flood of new keys cannot push out
    /// one that is being attacked.
    fn shrink(&mut self, now: Duration, capacity: usize) {
        while let Some((free_at, key)) = self.order.first().copied() {
            if free_at > now && self.order.len() <= capacity {
                break;
            }
            self.order.remove(&(free_at, key));
            self.free_at.remove(&key);
        }
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn take(&self, key: &LimitKey, rate: Rate) -> Result<Taken, QueueError> {
        let now = self.clock.monotonic();
        let mut counts = self.counts.lock().expect("no panic while the counts are held");
        let free_at = counts.free_at.get(key).copied().unwrap_or(now).max(now) + rate.interval();
        let allowed_from = free_at.saturating_sub(rate.interval() * rate.times.max(1));
        if allowed_from > now {
            return Ok(Taken::No { retry_after: allowed_from - now });
        }
        counts.set(*key, free_at);
        counts.shrink(now, self.capacity);
        Ok(Taken::Yes)
    }
}

#[cfg(test)]
mod tests {
    use domain::clock::ManualClock;
    use domain::time::Micros;

    use super::*;

    crate::limiter_contract!(|clock: Arc<ManualClock>| Some(MemoryLimiter::new(clock)));

    #[tokio::test]
    async fn it_stays_small_and_keeps_what_is_used_most() {
        let clock = Arc::new(ManualClock::at(Micros(0)));
        let limiter = MemoryLimiter::with_capacity(clock.clone(), 10);
        let rate = Rate { times: 3, per: Duration::from_secs(3) };
        let key = |number: u32| {
            let mut subject = [0; 32];
            subject[..4].copy_from_slice(&number.to_be_bytes());
            LimitKey { limit: "test", subject }
        };
        for _ in 0..3 {
            assert_eq!(limiter.take(&key(0), rate).await.unwrap(), Taken::Yes);
        }
        for number in 1..1_000 {
            assert_eq!(limiter.take(&key(number), rate).await.unwrap(), Taken::Yes);
        }
        let sizes = |limiter: &MemoryLimiter| {
            let counts = limiter.counts.lock().unwrap();
            (counts.free_at.len(), counts.order.len())
        };
        assert_eq!(sizes(&limiter), (10, 10));
        assert!(matches!(limiter.take(&key(0), rate).await.unwrap(), Taken::No { .. }));
        clock.advance(Duration::from_secs(3));
        limiter.take(&key(1), rate).await.unwrap();
        assert_eq!(sizes(&limiter), (1, 1));
    }
}
