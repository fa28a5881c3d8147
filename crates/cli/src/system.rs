//! The machine's clock and randomness: the one place of the program that asks for them.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use domain::clock::Clock;
use domain::random::{Generator, Random};
use domain::time::Micros;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The machine's clock.
struct SystemClock(Instant);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "everybody else takes a Clock")]
    fn now(&self) -> Micros {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "everybody else takes a Clock")]
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock(Instant::now()))
}

/// A generator that starts from the operating system's randomness.
pub fn random() -> Arc<dyn Random> {
    Arc::new(Generator::new(ChaCha20Rng::from_os_rng()))
}
