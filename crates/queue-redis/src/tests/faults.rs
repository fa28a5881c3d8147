//! A Redis that is killed, emptied, full, silent, slow or refuses us: calls end in time, and work again without a restart.

use std::time::Duration;

use ::queue::{LimitKey, Limiter, Message, Queue, QueueError, Rate};
use domain::secret::Secret;
use engines::{Proxy, Wire};

use super::{PATIENCE, SHORT, hasty, options, redis, redis_at, until_ok, wake, within, words};
use crate::{RedisOptions, RedisTrouble};

/// How long after the end of a fault all must work again.
const BACK: Duration = Duration::from_secs(10);
/// What the machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(2);
const KEY: LimitKey = LimitKey { limit: "logins", subject: [1; 32] };
const RATE: Rate = Rate { times: 1_000, per: Duration::from_secs(1) };

#[tokio::test]
async fn killed_and_back_empty_it_works_without_a_restart() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let redis = redis_at(&server);
    let (queue, limiter) = (redis.queue(), redis.limiter());
    let taker = redis_at(&server).queue();
    for _ in 0..3 {
        queue.push(wake("lost")).await.unwrap();
        limiter.take(&KEY, RATE).await.unwrap();
        assert!(taker.take(PATIENCE).await.unwrap().is_some());
        let (taken, ()) = tokio::join!(within(PATIENCE, taker.take(PATIENCE)), async {
            queue.push(wake("acme")).await.unwrap();
            server.kill();
        });
        // The taker may have been served before the end came.
        drop(taken);
        within(SLACK, queue.push(wake("acme"))).await.unwrap_err();
        within(SLACK, taker.take(PATIENCE)).await.unwrap_err();
        within(SLACK, limiter.take(&KEY, RATE)).await.unwrap_err();
        server.start_again();
        assert!(until_ok(BACK, async || queue.push(wake("acme")).await).await);
        let taken = until_ok(BACK, async || taker.take(PATIENCE).await).await;
        assert_eq!(taken, Some(wake("acme").encode()));
        limiter.take(&KEY, RATE).await.unwrap();
    }
}

#[tokio::test]
async fn while_it_is_away_calls_fail_at_once() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    server.kill();
    let redis = redis(&options(&server, server.address()));
    let queue = redis.queue();
    let error = within(SLACK, queue.push(wake("acme"))).await.unwrap_err();
    assert!(error.retryable() && words(&error).contains("cannot be reached"), "{}", words(&error));
    within(SLACK, async {
        for _ in 0..1_000 {
            queue.push(wake("acme")).await.unwrap_err();
            queue.take(PATIENCE).await.unwrap_err();
        }
    })
    .await;
    server.start_again();
    assert!(until_ok(BACK, async || queue.push(wake("acme")).await).await);
}

#[tokio::test]
async fn emptied_again_and_again_it_goes_on() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let redis = redis_at(&server);
    let queue = redis.queue();
    for turn in 0..300 {
        queue.push(wake(&format!("org-{}", turn % 7))).await.unwrap();
        queue.push_later(Message(vec![b'x']), Duration::from_millis(1)).await.unwrap();
        redis.limiter().take(&KEY, RATE).await.unwrap();
        if turn % 3 == 0 {
            server.ask(&["FLUSHALL"]);
            server.ask(&["SCRIPT", "FLUSH"]);
        }
        queue.take(Duration::from_millis(1)).await.unwrap();
    }
}

#[tokio::test]
async fn full_it_takes_nothing_and_gives_what_it_has() {
    let Some(server) = engines::Redis::start(&[("maxmemory", "2mb"), ("maxmemory-policy", "noeviction")]) else {
        return;
    };
    let redis = redis_at(&server);
    let (queue, limiter) = (redis.queue(), redis.limiter());
    let foreign = Message(vec![b'x'; 100]);
    for slug in ["a", "b"] {
        queue.push(wake(slug)).await.unwrap();
    }
    queue.push_later(foreign, Duration::ZERO).await.unwrap();
    let (junk, mut count) = ("x".repeat(10_000), 0);
    while server.try_ask(&["SET", &format!("junk-{count}"), &junk]).is_ok() {
        count += 1;
    }
    let until_full = async {
        loop {
            match queue.push(wake(&format!("org-{count}"))).await {
                Ok(_) => count += 1,
                Err(error) => return error,
            }
        }
    };
    let error = within(PATIENCE, until_full).await;
    assert!(error.retryable() && words(&error).ends_with("redis answered OOM"), "{}", words(&error));
    // What each connection needs counts, too: from here on there is no room for sure.
    server.ask(&["CONFIG", "SET", "maxmemory", "1mb"]);
    within(SLACK, queue.push(wake("c"))).await.unwrap_err();
    within(SLACK, limiter.take(&KEY, RATE)).await.unwrap_err();
    for slug in ["a", "b"] {
        assert_eq!(within(SLACK, queue.take(PATIENCE)).await.unwrap(), Some(wake(slug).encode()));
    }
    server.ask(&["CONFIG", "SET", "maxmemory", "50mb"]);
    assert!(queue.push(wake("c")).await.unwrap());
    limiter.take(&KEY, RATE).await.unwrap();
}

fn lost() -> QueueError {
    QueueError::Unavailable { doing: "take", source: "nothing came".into() }
}

/// Calls on a way that fell silent end within their deadlines, and the next ones at once; when the way is open again, so
/// is the queue.
async fn falls_silent(begin: impl Fn(), end: impl Fn(), options: RedisOptions) {
    let redis = redis(&options);
    let (queue, limiter) = (redis.queue(), redis.limiter());
    for _ in 0..2 {
        assert!(until_ok(BACK, async || queue.take(Duration::ZERO).await).await.is_none());
        let taking = queue.take(PATIENCE);
        let silence = async {
            queue.push_later(Message(b"x".to_vec()), PATIENCE * 100).await.unwrap();
            begin();
            within(SHORT * 2 + SLACK, queue.push(wake("acme"))).await.unwrap_err();
            within(SHORT * 2 + SLACK, limiter.take(&KEY, RATE)).await.unwrap_err();
            within(SHORT * 2 + SLACK, async {
                // Once it is known, nobody waits for a deadline.
                while !matches!(redis.ping().await, Err(RedisTrouble::NotConnected(_))) {}
                for _ in 0..1_000 {
                    queue.push(wake("acme")).await.unwrap_err();
                }
            })
            .await;
        };
        // One wait on the server and its answer, then the deadline of a script.
        let waited = within(Duration::from_secs(1) + SHORT * 3 + SLACK, async { tokio::join!(taking, silence) }).await;
        waited.0.unwrap_err();
        end();
        // A wake may go to a taker that is gone, for as long as the server does not know that it is.
        let goes_round = async || -> Result<_, QueueError> {
            queue.push(wake("acme")).await?;
            queue.take(Duration::from_millis(100)).await?.ok_or_else(lost)
        };
        assert_eq!(until_ok(BACK, goes_round).await, wake("acme").encode());
        until_ok(BACK, async || limiter.take(&KEY, RATE).await).await;
        // What was pushed into the silence may have arrived.
        while queue.take(Duration::ZERO).await.unwrap().is_some() {}
    }
}

#[tokio::test]
async fn a_half_open_connection_is_noticed_and_replaced() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let proxy = Proxy::to(server.address());
    let options = hasty(&server, proxy.address());
    falls_silent(|| proxy.set(Wire::HalfOpen), || proxy.set(Wire::Open), options).await;
}

#[tokio::test]
async fn a_server_that_hangs_is_noticed() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let options = hasty(&server, server.address());
    falls_silent(|| server.pause(), || server.resume(), options).await;
}

#[tokio::test]
async fn a_caller_that_goes_does_not_hide_the_silence() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let redis = redis(&hasty(&server, server.address()));
    redis.ping().await.unwrap();
    server.pause();
    within(PATIENCE, async {
        // Each gives up long before the deadline; in the end one is told at once.
        let impatience = SHORT / 10;
        while tokio::time::timeout(impatience, redis.ping()).await.is_err() {}
    })
    .await;
    server.resume();
    until_ok(BACK, async || redis.ping().await).await;
}

#[tokio::test]
async fn slow_or_cut_ways_are_only_slow_or_cut() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let proxy = Proxy::to(server.address());
    let queue = redis(&options(&server, proxy.address())).queue();
    proxy.set(Wire::Slow(Duration::from_millis(100)));
    queue.push(wake("acme")).await.unwrap();
    assert_eq!(queue.take(PATIENCE).await.unwrap(), Some(wake("acme").encode()));
    proxy.set(Wire::Open);
    for bytes in [0, 1, 10, 40] {
        proxy.set(Wire::Cut { after_bytes: bytes });
        proxy.cut_all();
        let answer = within(SLACK + SLACK, queue.push(wake("acme"))).await;
        drop(answer);
        proxy.set(Wire::Refused);
        proxy.cut_all();
        within(SLACK, async { while queue.push(wake("acme")).await.is_ok() {} }).await;
        proxy.set(Wire::Open);
        until_ok(BACK, async || queue.push(wake("acme")).await).await;
        assert_eq!(queue.take(Duration::ZERO).await.unwrap(), Some(wake("acme").encode()));
    }
}

#[tokio::test]
async fn a_wrong_password_is_named_and_not_shown() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let right = options(&server, server.address());
    let wrong = [
        RedisOptions { password: Some(Secret::new("canary")), ..right.clone() },
        RedisOptions { password: None, ..right.clone() },
        RedisOptions { user: Some("canary".to_owned()), ..right },
    ];
    for options in wrong {
        let redis = redis(&options);
        let error = within(SLACK, redis.queue().push(wake("acme"))).await.unwrap_err();
        let words = words(&error) + &format!("{error:?} {options:?}").replace("user: Some(\"canary\")", "");
        assert!(words.contains("wants another user or password") && !words.contains("canary"), "{words}");
        assert!(!words.contains(server.password()), "{words}");
        assert!(matches!(redis.ping().await, Err(RedisTrouble::NotLetIn)));
    }
}

#[tokio::test]
async fn a_user_of_its_own_is_let_in() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    server.ask(&["ACL", "SETUSER", "queue", "on", ">canary", "~outhaul:*", "+@all"]);
    let (user, password) = (Some("queue".to_owned()), Some(Secret::new("canary")));
    let options = RedisOptions { user, password, ..options(&server, server.address()) };
    assert!(redis(&options).queue().push(wake("acme")).await.unwrap());
}
