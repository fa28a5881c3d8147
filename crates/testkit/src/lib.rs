//! The whole system in a box for tests: seeded data, a clock to move, workers to stop and kill, places to interfere, and
//! a look for what is left over.

mod clock;
mod crew;
mod damage;
mod dice;
mod interference;
mod jobs;
mod leftovers;
mod letters;
mod messages;
mod queue;
mod settings;
mod storage;
mod system;

pub use clock::TestClock;
pub use crew::Crew;
pub use damage::Damage;
pub use dice::Dice;
pub use interference::{Act, Gate, Moment};
pub use jobs::{Event, LoggedJobs};
pub use letters::Letters;
pub use messages::{Messages, message};
pub use queue::{FaultyQueue, QueueFault};
pub use settings::{JobStore, Settings, request};
pub use storage::HookedArtifacts;
pub use system::System;

use std::time::Duration;

/// How long a test waits for anything before it fails.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Whether the bigger share of seeded runs is asked for (`OUTHAUL_DEEP=1`).
pub fn is_deep() -> bool {
    std::env::var_os("OUTHAUL_DEEP").is_some_and(|value| value == "1")
}
