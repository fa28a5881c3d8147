//! The queue: what every queue must do, and what several processes and strangers do to it.

use std::time::Duration;

use ::queue::{Message, Queue};
use tokio::task::JoinSet;

use super::{PATIENCE, options, queue_of_its_own, redis, redis_at, wake, within, words};
use crate::RedisOptions;

::queue::queue_contract!(queue_of_its_own);

/// Waits until so many takers wait on the server.
async fn until_blocked(server: &engines::Redis, count: u32) {
    let wanted = format!("blocked_clients:{count}\r\n");
    within(PATIENCE, async {
        while !server.ask(&["INFO", "clients"]).contains(&wanted) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn five_takers_get_each_wake_once() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let mut takers = JoinSet::new();
    for _ in 0..5 {
        let queue = redis_at(&server).queue();
        takers.spawn(async move { queue.take(PATIENCE).await.unwrap().expect("there is one for each") });
    }
    until_blocked(&server, 5).await;
    let queue = redis_at(&server).queue();
    for slug in ["a", "b", "c", "d", "e"] {
        queue.push(wake(slug)).await.unwrap();
    }
    let mut taken: Vec<_> = within(PATIENCE, takers.join_all()).await.into_iter().map(|message| message.0).collect();
    taken.sort();
    assert_eq!(taken, ["a", "b", "c", "d", "e"].map(|slug| wake(slug).encode().0));
    queue.push(wake("a")).await.unwrap();
    let both = tokio::join!(queue.take(Duration::ZERO), queue.take(Duration::ZERO));
    assert_eq!([both.0.unwrap(), both.1.unwrap()].iter().flatten().count(), 1);
}

#[tokio::test]
async fn a_taker_that_is_dropped_takes_nothing_along() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let queue = redis_at(&server).queue();
    let gone = redis_at(&server).queue();
    let taker = tokio::spawn(async move { gone.take(PATIENCE).await });
    until_blocked(&server, 1).await;
    taker.abort();
    until_blocked(&server, 0).await;
    queue.push(wake("acme")).await.unwrap();
    assert_eq!(queue.take(Duration::ZERO).await.unwrap(), Some(wake("acme").encode()));
}

#[tokio::test]
async fn a_queue_that_is_emptied_begins_anew() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let queue = redis_at(&server).queue();
    for slug in ["a", "b", "c"] {
        assert!(queue.push(wake(slug)).await.unwrap());
    }
    let taker = redis_at(&server).queue();
    let waits = async {
        until_blocked(&server, 1).await;
        server.ask(&["FLUSHALL"]);
        server.ask(&["SCRIPT", "FLUSH"]);
        for slug in ["c", "b"] {
            assert!(queue.push(wake(slug)).await.unwrap());
        }
    };
    for slug in ["a", "b", "c"] {
        assert_eq!(queue.take(Duration::ZERO).await.unwrap(), Some(wake(slug).encode()));
    }
    let (taken, ()) = tokio::join!(taker.take(PATIENCE), waits);
    assert_eq!(taken.unwrap(), Some(wake("c").encode()));
    assert_eq!(queue.take(Duration::ZERO).await.unwrap(), Some(wake("b").encode()));
}

#[tokio::test]
async fn what_strangers_left_comes_out_as_it_is() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let queue = redis_at(&server).queue();
    let long = vec![b'x'; 100_000];
    let messages = [b"".as_slice(), b"\0\r\n$-1\r\n\xff", br#"{"version":65535,"owners":["org.a"]}"#, &long];
    for message in messages {
        let message = Message(message.to_vec());
        for _ in 0..2 {
            queue.push_later(message.clone(), Duration::ZERO).await.unwrap();
        }
        let taker = redis_at(&server).queue();
        assert_eq!(taker.take(PATIENCE).await.unwrap(), Some(message));
        assert_eq!(taker.take(Duration::ZERO).await.unwrap(), None);
    }
    // A score that no wake has stops nobody.
    server.ask(&["ZADD", "outhaul:wakes", "inf", "forged"]);
    queue.push(wake("acme")).await.unwrap();
    let mut taken = Vec::new();
    while let Some(message) = queue.take(Duration::ZERO).await.unwrap() {
        taken.push(message);
    }
    assert_eq!(taken.len(), 2);
}

#[tokio::test]
async fn a_delay_ends_for_whoever_waits() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let queue = redis_at(&server).queue();
    let message = Message(b"{\"version\":9}".to_vec());
    queue.push_later(message.clone(), Duration::from_secs(3_600)).await.unwrap();
    // The first delay of a message counts.
    queue.push_later(message, Duration::ZERO).await.unwrap();
    assert_eq!(queue.take(Duration::from_millis(50)).await.unwrap(), None);
    let taker = redis_at(&server).queue();
    let taker = tokio::spawn(async move { taker.take(PATIENCE).await });
    until_blocked(&server, 1).await;
    let other = Message(b"{\"version\":10}".to_vec());
    queue.push_later(other.clone(), Duration::from_millis(1)).await.unwrap();
    assert_eq!(within(Duration::from_secs(5), taker).await.unwrap().unwrap(), Some(other));
    assert_eq!(queue.len().await.unwrap(), 0);
}

#[tokio::test]
async fn prefixes_and_databases_keep_installations_apart() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let here = options(&server, server.address());
    let others =
        [RedisOptions { prefix: "outhaul2".to_owned(), ..here.clone() }, RedisOptions { database: 1, ..here.clone() }];
    redis(&here).queue().push(wake("acme")).await.unwrap();
    for other in others {
        let queue = redis(&other).queue();
        assert_eq!(queue.len().await.unwrap(), 0);
        assert!(queue.push(wake("acme")).await.unwrap());
    }
}

#[tokio::test]
async fn a_key_of_another_kind_is_an_error_until_it_is_gone() {
    let Some(server) = engines::Redis::start(&[]) else { return };
    let queue = redis_at(&server).queue();
    server.ask(&["SET", "outhaul:wakes", "canary"]);
    let errors = [
        queue.push(wake("a")).await.unwrap_err(),
        queue.take(PATIENCE).await.unwrap_err(),
        queue.len().await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.retryable() && words(&error).contains("WRONGTYPE"), "{}", words(&error));
    }
    server.ask(&["DEL", "outhaul:wakes"]);
    assert!(queue.push(wake("a")).await.unwrap());
}
