//! What every limiter must do; an adapter runs it by [`limiter_contract!`](crate::limiter_contract).

use std::sync::Arc;
use std::time::Duration;

use domain::clock::ManualClock;
use domain::time::Micros;

use crate::QueueError;
use crate::limiter::{LimitKey, Limiter, Rate, Taken};

const RATE: Rate = Rate { times: 3, per: Duration::from_secs(30) };

/// Makes a test of each check, over an empty limiter that `$factory` makes with a clock; where it makes none, since what
/// it needs is not there, the test is left out.
#[macro_export]
macro_rules! limiter_contract {
    ($factory:expr) => {
        $crate::limiter_contract!($factory; all_at_once_then_one_by_one keys_are_apart a_refusal_is_not_counted
            at_once_no_more_than_allowed);
    };
    ($factory:expr; $($check:ident)*) => {
        mod contract {
            use super::*;

            $(#[tokio::test]
            async fn $check() {
                $crate::contract::limiter::$check($factory).await.expect("the limiter answers");
            })*
        }
    };
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Micros(0)))
}

const fn key(limit: &'static str, subject: u8) -> LimitKey {
    LimitKey { limit, subject: [subject; 32] }
}

async fn taken(limiter: &impl Limiter, key: LimitKey) -> Result<Option<u64>, QueueError> {
    Ok(match limiter.take(&key, RATE).await? {
        Taken::Yes => None,
        Taken::No { retry_after } => Some(u64::try_from(retry_after.as_millis()).expect("a short time")),
    })
}

/// As many as allowed at once, then one in each interval, however long one waits.
pub async fn all_at_once_then_one_by_one<L: Limiter>(
    make: impl Fn(Arc<ManualClock>) -> Option<L>,
) -> Result<(), QueueError> {
    let clock = clock();
    let Some(limiter) = make(clock.clone()) else { return Ok(()) };
    for _ in 0..3 {
        assert_eq!(taken(&limiter, key("a", 0)).await?, None);
    }
    assert_eq!(taken(&limiter, key("a", 0)).await?, Some(10_000));
    clock.advance(Duration::from_secs(9));
    assert_eq!(taken(&limiter, key("a", 0)).await?, Some(1_000));
    clock.advance(Duration::from_secs(1));
    assert_eq!(taken(&limiter, key("a", 0)).await?, None);
    assert_eq!(taken(&limiter, key("a", 0)).await?, Some(10_000));
    clock.advance(Duration::from_secs(3_600));
    for _ in 0..3 {
        assert_eq!(taken(&limiter, key("a", 0)).await?, None);
    }
    assert_eq!(taken(&limiter, key("a", 0)).await?, Some(10_000));
    Ok(())
}

/// Neither another subject nor another limit is touched.
pub async fn keys_are_apart<L: Limiter>(make: impl Fn(Arc<ManualClock>) -> Option<L>) -> Result<(), QueueError> {
    let Some(limiter) = make(clock()) else { return Ok(()) };
    for _ in 0..4 {
        taken(&limiter, key("a", 0)).await?;
    }
    assert!(taken(&limiter, key("a", 0)).await?.is_some());
    assert_eq!(taken(&limiter, key("a", 1)).await?, None);
    assert_eq!(taken(&limiter, key("b", 0)).await?, None);
    Ok(())
}

/// Who goes on asking does not wait longer.
pub async fn a_refusal_is_not_counted<L: Limiter>(
    make: impl Fn(Arc<ManualClock>) -> Option<L>,
) -> Result<(), QueueError> {
    let clock = clock();
    let Some(limiter) = make(clock.clone()) else { return Ok(()) };
    for _ in 0..20 {
        taken(&limiter, key("a", 0)).await?;
    }
    clock.advance(Duration::from_secs(10));
    assert_eq!(taken(&limiter, key("a", 0)).await?, None);
    Ok(())
}

/// Callers at the same time get no more than callers in turn.
pub async fn at_once_no_more_than_allowed<L: Limiter + 'static>(
    make: impl Fn(Arc<ManualClock>) -> Option<L>,
) -> Result<(), QueueError> {
    let Some(limiter) = make(clock()).map(Arc::new) else { return Ok(()) };
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let limiter = Arc::clone(&limiter);
        callers.spawn(async move { taken(limiter.as_ref(), key("a", 0)).await });
    }
    let mut allowed = 0;
    while let Some(answer) = callers.join_next().await {
        allowed += u32::from(answer.expect("no caller panics")?.is_none());
    }
    assert_eq!(allowed, 3);
    Ok(())
}
