//! What every queue must do; an adapter runs it by [`queue_contract!`](crate::queue_contract).

pub mod limiter;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::{Message, Queue, QueueError, Wake};

/// Long enough for any queue to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a test of each check, over an empty queue that `$factory` makes; where it makes none, since what it needs is not
/// there, the test is left out.
#[macro_export]
macro_rules! queue_contract {
    ($factory:expr) => {
        $crate::queue_contract!($factory; the_oldest_comes_first each_owner_waits_once each_message_has_one_taker
            foreign_messages_come_back);
    };
    ($factory:expr; $($check:ident)*) => {
        mod contract {
            use super::*;

            $(#[tokio::test]
            async fn $check() {
                if let Some(queue) = $factory() {
                    $crate::contract::$check(queue).await.expect("the queue answers");
                }
            })*
        }
    };
}

fn wake(slug: &str) -> Wake {
    Wake::of(format!("org.{slug}").parse().expect("the tests use good slugs"))
}

/// First in, first out; a taker that finds nothing waits, then goes empty-handed.
pub async fn the_oldest_comes_first(queue: impl Queue) -> Result<(), QueueError> {
    let wakes = ["c", "a", "b"].map(wake);
    for wake in &wakes {
        assert!(queue.push(wake.clone()).await?);
    }
    assert_eq!(queue.len().await?, 3);
    for wake in &wakes {
        assert_eq!(queue.take(PATIENCE).await?, Some(wake.encode()));
    }
    assert_eq!(queue.take(Duration::from_millis(1)).await?, None);
    assert_eq!(queue.take(Duration::ZERO).await?, None);
    Ok(())
}

/// A second wake of an owner keeps the place of the first; once taken, the owner queues at the end.
pub async fn each_owner_waits_once(queue: impl Queue) -> Result<(), QueueError> {
    let (a, b) = (wake("a"), wake("b"));
    assert!(queue.push(a.clone()).await?);
    assert!(queue.push(b.clone()).await?);
    assert!(!queue.push(a.clone()).await?);
    assert_eq!(queue.len().await?, 2);
    assert!(queue.others_wait(&a).await? && queue.others_wait(&b).await?);
    assert_eq!(queue.take(PATIENCE).await?, Some(a.encode()));
    assert!(queue.others_wait(&a).await? && !queue.others_wait(&b).await?);
    assert!(queue.push(a.clone()).await?);
    assert_eq!(queue.take(PATIENCE).await?, Some(b.encode()));
    assert_eq!(queue.take(PATIENCE).await?, Some(a.encode()));
    assert_eq!(queue.len().await?, 0);
    assert!(!queue.others_wait(&a).await?);
    Ok(())
}

/// However many takers wait, each message goes to one of them.
pub async fn each_message_has_one_taker(queue: impl Queue + 'static) -> Result<(), QueueError> {
    const MESSAGES: usize = 40;
    let queue = Arc::new(queue);
    let takers: Vec<_> = (0..MESSAGES)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.take(PATIENCE).await })
        })
        .collect();
    for n in 0..MESSAGES {
        queue.push(wake(&format!("org-{n}"))).await?;
    }
    let mut taken = BTreeSet::new();
    for taker in takers {
        let message = taker.await.expect("a taker does not panic")?.expect("there is a message for each taker");
        assert!(taken.insert(message.0), "a message was taken twice");
    }
    assert_eq!(taken.len(), MESSAGES);
    Ok(())
}

/// What this program cannot read is put back as it was, behind what came meanwhile.
pub async fn foreign_messages_come_back(queue: impl Queue) -> Result<(), QueueError> {
    let foreign = Message(br#"{"version":77,"owner":"org.a"}"#.to_vec());
    queue.push_later(foreign.clone(), Duration::from_millis(20)).await?;
    queue.push(wake("a")).await?;
    assert_eq!(queue.take(PATIENCE).await?, Some(wake("a").encode()));
    let back = queue.take(PATIENCE).await?.expect("it comes back");
    assert_eq!(back, foreign);
    assert!(back.decode().expect_err("it is newer").is_too_new());
    Ok(())
}
