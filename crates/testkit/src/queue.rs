//! A queue that fails in the ways in which Redis can.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use queue::{MemoryQueue, Message, Queue, QueueError, Wake};
use tokio::sync::watch;

/// What is wrong with the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueFault {
    /// Every call fails at once: it is away.
    Refuses,
    /// Nothing can be put in, all else works.
    IsFull,
    /// No call answers for as long as this lasts.
    Hangs,
    /// Every call takes so much longer.
    IsSlow(Duration),
    /// It is emptied again and again: every other thing that is put in is gone.
    Forgets,
    /// It takes everything that is put in, and loses it at once.
    LosesAll,
}

/// A queue in memory; clones are the same one, with the same fault.
#[derive(Clone, Default)]
pub struct FaultyQueue {
    inner: MemoryQueue,
    fault: Arc<watch::Sender<Option<QueueFault>>>,
    calls: Arc<AtomicU64>,
    put_in: Arc<AtomicU64>,
}

impl FaultyQueue {
    /// Begins or ends a fault; calls under way notice.
    pub fn set(&self, fault: Option<QueueFault>) {
        self.fault.send_replace(fault);
    }

    /// How often it was called.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn forgets(&self) -> bool {
        let is_every_other = self.put_in.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        match *self.fault.borrow() {
            Some(QueueFault::Forgets) => is_every_other,
            Some(QueueFault::LosesAll) => true,
            _ => false,
        }
    }

    async fn call<T>(
        &self,
        puts_in: bool,
        work: impl Future<Output = Result<T, QueueError>> + Send,
    ) -> Result<T, QueueError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (mut work, mut faults) = (pin!(work), self.fault.subscribe());
        loop {
            let fault = *faults.borrow_and_update();
            let failed = |source: &str| Err(QueueError::Unavailable { doing: "call", source: source.into() });
            match fault {
                Some(QueueFault::Refuses) => return failed("away"),
                Some(QueueFault::IsFull) if puts_in => return failed("full"),
                Some(QueueFault::Hangs) => {
                    faults.changed().await.expect("the queue has its faults");
                    continue;
                }
                Some(QueueFault::IsSlow(by)) => tokio::time::sleep(by).await,
                _ => {}
            }
            tokio::select! {
                answer = &mut work => return answer,
                _ = faults.changed() => {}
            }
        }
    }
}

#[async_trait]
impl Queue for FaultyQueue {
    async fn push(&self, wake: Wake) -> Result<bool, QueueError> {
        if self.forgets() {
            return self.call(true, async { Ok(true) }).await;
        }
        self.call(true, self.inner.push(wake)).await
    }

    async fn push_later(&self, message: Message, delay: Duration) -> Result<(), QueueError> {
        if self.forgets() {
            return self.call(true, async { Ok(()) }).await;
        }
        self.call(true, self.inner.push_later(message, delay)).await
    }

    async fn take(&self, wait: Duration) -> Result<Option<Message>, QueueError> {
        self.call(false, self.inner.take(wait)).await
    }

    async fn len(&self) -> Result<u64, QueueError> {
        self.call(false, self.inner.len()).await
    }

    async fn others_wait(&self, wake: &Wake) -> Result<bool, QueueError> {
        self.call(false, self.inner.others_wait(wake)).await
    }
}
