//! The queue of wakes and shared limits on Redis 7 or Valkey. Redis may be away, full, slow or emptied at any time:
//! calls end within their deadlines, and the next one works once Redis does, without a restart.

mod check;
mod error;
mod keys;
mod limiter;
mod link;
mod options;
mod queue;
mod server;
mod task;
mod tls;
mod wire;

pub use error::RedisTrouble;
pub use limiter::RedisLimiter;
pub use options::{RedisOptions, RedisOptionsError};
pub use queue::RedisQueue;
pub use server::Redis;

#[cfg(test)]
mod tests;
