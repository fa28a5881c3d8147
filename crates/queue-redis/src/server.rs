//! One Redis and what stands on it.

use std::sync::Arc;

use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;

use crate::check;
use crate::error::RedisTrouble;
use crate::keys::Keys;
use crate::limiter::RedisLimiter;
use crate::link::Link;
use crate::options::{RedisOptions, RedisOptionsError};
use crate::queue::RedisQueue;
use crate::wire::Target;

/// A Redis; clones share one connection, and so do the queue and the limiter made of it.
#[derive(Clone)]
pub struct Redis {
    target: Arc<Target>,
    link: Arc<Link>,
    keys: Keys,
}

impl Redis {
    /// Checks the options. Nothing is connected before the first call, so a program starts also while Redis is away.
    /// `random` spreads the tries to connect.
    pub fn new(options: &RedisOptions, random: Arc<dyn Random>) -> Result<Self, RedisOptionsError> {
        let keys = Keys::below(&options.prefix).ok_or(RedisOptionsError::Prefix)?;
        let target = Arc::new(Target::of(options)?);
        let link = Arc::new(Link::new(Arc::clone(&target), random));
        Ok(Self { target, link, keys })
    }

    /// The queue of wakes.
    pub fn queue(&self) -> RedisQueue {
        RedisQueue::new(Arc::clone(&self.target), Arc::clone(&self.link), &self.keys)
    }

    /// The limits.
    pub fn limiter(&self) -> RedisLimiter {
        RedisLimiter::new(Arc::clone(&self.link), self.keys.clone())
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// Within the deadlines of the options, and at once while it is known to be away.
    pub async fn ping(&self) -> Result<(), RedisTrouble> {
        self.link.ask(redis::cmd("PING")).await
    }

    /// Looks whether it is what we need and may do what we do, by calls on keys of their own. `clock` is ours, to
    /// compare with the server's.
    pub async fn check(&self, clock: &dyn Clock) -> Vec<Finding> {
        check::run(&self.target, &self.link, &self.keys.of_a_trial(), clock).await
    }
}
