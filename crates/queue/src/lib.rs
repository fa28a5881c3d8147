//! The queue of wakes: hints that an owner may have work, served oldest first. Losing all of them loses nothing.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod limiter;
pub mod memory;
pub mod order;
pub mod queue;
pub mod wake;

pub use limiter::{FallbackLimiter, LimitKey, Limiter, MemoryLimiter, Rate, Taken};
pub use memory::MemoryQueue;
pub use order::Order;
pub use queue::{Queue, QueueError};
pub use wake::{Message, Wake, WakeError};
