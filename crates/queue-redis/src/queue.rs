//! The queue of wakes as a sorted set: who came first has the lowest score.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use queue::{Message, Queue, QueueError, Wake};
use redis::Cmd;

use crate::error::RedisTrouble;
use crate::keys::Keys;
use crate::link::Link;
use crate::wire::{Target, Wire};

const PUSH: &str = include_str!("queue/push.lua");
const PUSH_LATER: &str = include_str!("queue/push_later.lua");
const TAKE: &str = include_str!("queue/take.lua");

/// How long one wait on the server lasts; in between takers look for messages whose delay is over.
const WAIT_LIMIT: Duration = Duration::from_secs(1);
/// The shortest wait on the server, where 0 means for ever.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
/// Messages whose delay is over that one taker moves at once.
const MOVED_LIMIT: u32 = 100;
/// Connections for waiting that are kept for the next taker.
const IDLE_LIMIT: usize = 4;

/// The queue in Redis; all processes with the same server and prefix share it.
///
/// A taker that waits has a connection of its own. One that is dropped closes it, so that the server gives nothing more to
/// it; a wake that was on its way just then is lost with it, as that of a taker that dies, and the sweeper makes a new one.
pub struct RedisQueue {
    target: Arc<Target>,
    link: Arc<Link>,
    calls: Calls,
    idle: Mutex<Vec<Wire>>,
}

impl RedisQueue {
    pub(crate) fn new(target: Arc<Target>, link: Arc<Link>, keys: &Keys) -> Self {
        Self { target, link, calls: Calls::of(keys), idle: Mutex::default() }
    }

    /// Waits on the server for the next message, no longer than `wait`.
    async fn wait(&self, wait: Duration) -> Result<Option<Message>, RedisTrouble> {
        let kept = self.idle.lock().expect("no panic while the connections are held").pop();
        let wire = match kept.filter(Wire::is_good) {
            Some(wire) => wire,
            None => Wire::connect(&self.target).await?,
        };
        let command = self.calls.wait(wait);
        let answer: Option<(redis::Value, Vec<u8>, redis::Value)> =
            wire.ask(&command, wait + self.target.answer_timeout).await?;
        let mut idle = self.idle.lock().expect("no panic while the connections are held");
        if idle.len() < IDLE_LIMIT {
            idle.push(wire);
        }
        Ok(answer.map(|(_, message, _)| Message(message)))
    }

    async fn next(&self, mut left: Duration) -> Result<Option<Message>, RedisTrouble> {
        loop {
            let (message, due): (Option<Vec<u8>>, i64) = self.link.ask(self.calls.take()).await?;
            if message.is_some() || left < SHORTEST_WAIT {
                return Ok(message.map(Message));
            }
            let due = u64::try_from(due).map_or(WAIT_LIMIT, Duration::from_millis);
            let wait = left.min(WAIT_LIMIT).min(due).max(SHORTEST_WAIT);
            if let Some(message) = self.wait(wait).await? {
                return Ok(Some(message));
            }
            left = left.saturating_sub(wait);
        }
    }
}

#[async_trait]
impl Queue for RedisQueue {
    async fn push(&self, wake: Wake) -> Result<bool, QueueError> {
        let pushed = self.link.ask(self.calls.push(&wake.encode())).await;
        pushed.map_err(RedisTrouble::while_doing("push"))
    }

    async fn push_later(&self, message: Message, delay: Duration) -> Result<(), QueueError> {
        let pushed = self.link.ask(self.calls.push_later(&message, delay)).await;
        pushed.map_err(RedisTrouble::while_doing("push later"))
    }

    async fn take(&self, wait: Duration) -> Result<Option<Message>, QueueError> {
        self.next(wait).await.map_err(RedisTrouble::while_doing("take"))
    }

    async fn len(&self) -> Result<u64, QueueError> {
        self.link.ask(self.calls.len()).await.map_err(RedisTrouble::while_doing("length"))
    }

    async fn others_wait(&self, wake: &Wake) -> Result<bool, QueueError> {
        let first: Vec<Vec<u8>> =
            self.link.ask(self.calls.first()).await.map_err(RedisTrouble::while_doing("look who waits"))?;
        Ok(first.into_iter().any(|message| Message(message) != wake.encode()))
    }
}

/// What is asked of the server. Scripts are sent as text each time: an emptied server knows none.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    wakes: String,
    later: String,
}

impl Calls {
    pub fn of(keys: &Keys) -> Self {
        Self { wakes: keys.wakes(), later: keys.later() }
    }

    pub fn push(&self, message: &Message) -> Cmd {
        redis::cmd("EVAL").arg(PUSH).arg(1).arg(&self.wakes).arg(&message.0).take()
    }

    pub fn push_later(&self, message: &Message, delay: Duration) -> Cmd {
        let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        redis::cmd("EVAL").arg(PUSH_LATER).arg(1).arg(&self.later).arg(&message.0).arg(delay).take()
    }

    pub fn take(&self) -> Cmd {
        redis::cmd("EVAL").arg(TAKE).arg(2).arg(&self.wakes).arg(&self.later).arg(MOVED_LIMIT).take()
    }

    pub fn wait(&self, wait: Duration) -> Cmd {
        redis::cmd("BZPOPMIN").arg(&self.wakes).arg(wait.as_secs_f64()).take()
    }

    pub fn len(&self) -> Cmd {
        redis::cmd("ZCARD").arg(&self.wakes).take()
    }

    /// The first two that wait.
    pub fn first(&self) -> Cmd {
        redis::cmd("ZRANGE").arg(&self.wakes).arg(0).arg(1).take()
    }
}
