//! The limiter: what every limiter must do, and that it is the same as the one in memory.

use std::sync::Arc;
use std::time::Duration;

use ::queue::{LimitKey, Limiter, MemoryLimiter, Rate, Taken};
use domain::clock::ManualClock;
use domain::time::Micros;

use super::{On, PATIENCE, limiter_of_its_own, redis_at, within};

const KEY: LimitKey = LimitKey { limit: "logins", subject: [0xa5; 32] };

::queue::limiter_contract!(|clock: Arc<ManualClock>| {
    let On { port, _server } = limiter_of_its_own()?;
    Some(On { port: port.by(clock), _server })
});

#[tokio::test]
async fn it_answers_as_the_one_in_memory() {
    let Some(On { port, _server }) = limiter_of_its_own() else { return };
    let clock = Arc::new(ManualClock::at(Micros(0)));
    let (shared, own) = (port.by(clock.clone()), MemoryLimiter::new(clock.clone()));
    let rates = [(1, 1_000), (2, 1_000), (5, 250), (100, 1_000)];
    for turn in 0_u64..600 {
        let (times, millis) = rates[(turn % 4) as usize];
        let key = LimitKey { limit: "logins", subject: [(turn % 4) as u8; 32] };
        let rate = Rate { times, per: Duration::from_millis(millis) };
        let answers = (shared.take(&key, rate).await.unwrap(), own.take(&key, rate).await.unwrap());
        assert_eq!(answers.0, answers.1, "turn {turn}");
        // Some arithmetic for steps of all sizes.
        clock.advance(Duration::from_micros(turn * turn * 7_919 % 60_000));
    }
}

#[tokio::test]
async fn it_counts_by_the_servers_clock_for_all_processes() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let limiters = [redis_at(&server).limiter(), redis_at(&server).limiter()];
    let rate = Rate { times: 2, per: Duration::from_millis(400) };
    for limiter in &limiters {
        assert_eq!(limiter.take(&KEY, rate).await.unwrap(), Taken::Yes);
    }
    let Taken::No { retry_after } = limiters[0].take(&KEY, rate).await.unwrap() else { panic!("both are gone") };
    assert!(retry_after <= Duration::from_millis(200), "{retry_after:?}");
    let name = format!("outhaul:limit:logins:{}", "a5".repeat(32));
    let left: u64 = server.ask(&["PTTL", &name]).parse().unwrap();
    assert!((50_000..=60_400).contains(&left), "{left}");
    within(PATIENCE, async {
        while limiters[1].take(&KEY, rate).await.unwrap() != Taken::Yes {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let clocks = [3_600, 0].map(|seconds| {
        let clock = ManualClock::at(Micros(0));
        clock.advance(Duration::from_secs(seconds));
        Arc::new(clock)
    });
    let [ahead, back] = clocks.map(|clock| redis_at(&server).limiter().by(clock));
    let rate = Rate { times: 3, per: Duration::from_secs(30) };
    for _ in 0..3 {
        assert_eq!(ahead.take(&KEY, rate).await.unwrap(), Taken::Yes);
    }
    for _ in 0..3 {
        assert_eq!(back.take(&KEY, rate).await.unwrap(), Taken::Yes);
    }
    assert_eq!(back.take(&KEY, rate).await.unwrap(), Taken::No { retry_after: Duration::from_secs(10) });
}
