//! On a real Redis, and on one that breaks.

mod check;
mod faults;
mod limiter;
mod queue;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use ::queue::{LimitKey, Limiter, Message, Queue, QueueError, Rate, Taken, Wake};
use async_trait::async_trait;
use domain::random::Random;
use domain::secret::Secret;

use crate::{Redis, RedisLimiter, RedisOptions, RedisQueue};

/// Long enough for whatever comes at all.
const PATIENCE: Duration = Duration::from_secs(30);
/// A deadline of an answer that tests wait out.
const SHORT: Duration = Duration::from_millis(300);

/// No chance at all.
struct Middle;

impl Random for Middle {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x80);
    }
}

/// Options for this server, at this address of it.
fn options(server: &engines::Redis, address: &str) -> RedisOptions {
    let mut options = RedisOptions::parse(&format!("redis://{address}")).expect("an address");
    options.password = Some(Secret::new(server.password()));
    options
}

/// The same for tests that wait for deadlines.
fn hasty(server: &engines::Redis, address: &str) -> RedisOptions {
    RedisOptions { connect_timeout: SHORT, answer_timeout: SHORT, ..options(server, address) }
}

fn redis(options: &RedisOptions) -> Redis {
    Redis::new(options, Arc::new(Middle)).expect("good options")
}

fn redis_at(server: &engines::Redis) -> Redis {
    redis(&options(server, server.address()))
}

fn wake(slug: &str) -> Wake {
    Wake::of(format!("org.{slug}").parse().expect("the tests use good slugs"))
}

/// What comes within this time.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, work).await.expect("it comes in time")
}

/// Tries until it succeeds, for no longer than this.
async fn until_ok<T, E>(limit: Duration, mut work: impl AsyncFnMut() -> Result<T, E>) -> T {
    within(limit, async {
        loop {
            match work().await {
                Ok(done) => return done,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    })
    .await
}

/// What went wrong, with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A port, and the server that goes with it when it does.
struct On<T> {
    port: T,
    _server: engines::Redis,
}

fn queue_of_its_own() -> Option<On<RedisQueue>> {
    let server = engines::Redis::start(&[])?;
    Some(On { port: redis_at(&server).queue(), _server: server })
}

fn limiter_of_its_own() -> Option<On<RedisLimiter>> {
    let server = engines::Redis::start(&[])?;
    Some(On { port: redis_at(&server).limiter(), _server: server })
}

#[async_trait]
impl Queue for On<RedisQueue> {
    async fn push(&self, wake: Wake) -> Result<bool, QueueError> {
        self.port.push(wake).await
    }

    async fn push_later(&self, message: Message, delay: Duration) -> Result<(), QueueError> {
        self.port.push_later(message, delay).await
    }

    async fn take(&self, wait: Duration) -> Result<Option<Message>, QueueError> {
        self.port.take(wait).await
    }

    async fn len(&self) -> Result<u64, QueueError> {
        self.port.len().await
    }

    async fn others_wait(&self, wake: &Wake) -> Result<bool, QueueError> {
        self.port.others_wait(wake).await
    }
}

#[async_trait]
impl Limiter for On<RedisLimiter> {
    async fn take(&self, key: &LimitKey, rate: Rate) -> Result<Taken, QueueError> {
        self.port.take(key, rate).await
    }
}
