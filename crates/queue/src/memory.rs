//! The queue in the memory of one process: the embedded default, and the twin for tests.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{Message, Order, Queue, QueueError, Wake};

/// A queue that lives as long as its process; clones are the same queue.
#[derive(Clone, Debug, Default)]
pub struct MemoryQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: Order,
    /// Messages whose delay is not over: each has one timer at most.
    later: HashSet<Message>,
}

impl Shared {
    fn with<T>(&self, work: impl FnOnce(&mut Waiting) -> T) -> T {
        work(&mut self.waiting.lock().expect("no panic while the queue is held"))
    }

    fn push(&self, message: Message) -> bool {
        let is_new = self.with(|waiting| waiting.order.push(message));
        if is_new {
            self.arrived.notify_one();
        }
        is_new
    }

    async fn next(&self) -> Message {
        loop {
            // A push between the look and the wait leaves a permit, so no arrival is missed.
            if let Some(message) = self.with(|waiting| waiting.order.pop()) {
                return message;
            }
            self.arrived.notified().await;
        }
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn push(&self, wake: Wake) -> Result<bool, QueueError> {
        Ok(self.0.push(wake.encode()))
    }

    async fn push_later(&self, message: Message, delay: Duration) -> Result<(), QueueError> {
        if self.0.with(|waiting| waiting.later.insert(message.clone())) {
            let shared = Arc::clone(&self.0);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                shared.with(|waiting| waiting.later.remove(&message));
                shared.push(message);
            });
        }
        Ok(())
    }

    async fn take(&self, wait: Duration) -> Result<Option<Message>, QueueError> {
        Ok(tokio::time::timeout(wait, self.0.next()).await.ok())
    }

    async fn len(&self) -> Result<u64, QueueError> {
        Ok(self.0.with(|waiting| waiting.order.len() as u64))
    }

    async fn others_wait(&self, wake: &Wake) -> Result<bool, QueueError> {
        Ok(self.0.with(|waiting| waiting.order.others_wait(&wake.encode())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::queue_contract!((|| Some(MemoryQueue::default())));

    #[tokio::test]
    async fn a_push_wakes_a_taker_that_waits() {
        let queue = MemoryQueue::default();
        let taker = tokio::spawn({
            let queue = queue.clone();
            async move { queue.take(Duration::from_secs(3_600)).await }
        });
        tokio::task::yield_now().await;
        let wake = Wake::of("org.acme".parse().unwrap());
        assert!(queue.push(wake.clone()).await.unwrap());
        assert_eq!(taker.await.unwrap().unwrap(), Some(wake.encode()));
    }

    #[tokio::test]
    async fn a_message_put_back_twice_has_one_timer() {
        let queue = MemoryQueue::default();
        let message = Message(b"{\"version\":9}".to_vec());
        for _ in 0..2 {
            queue.push_later(message.clone(), Duration::from_millis(1)).await.unwrap();
        }
        assert_eq!(queue.0.with(|waiting| waiting.later.len()), 1);
        assert_eq!(queue.take(Duration::from_secs(30)).await.unwrap(), Some(message));
        assert_eq!(queue.0.with(|waiting| (waiting.later.len(), waiting.order.len())), (0, 0));
    }
}
