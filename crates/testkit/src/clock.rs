//! A clock that runs, or stands still, and can be moved ahead.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::clock::Clock;
use domain::time::Micros;

/// 2024-06-01T00:00:00Z, when every test begins.
const START: Micros = Micros(1_717_200_000 * domain::time::SECOND);

/// Time that begins at the same instant in every test.
#[derive(Debug)]
pub struct TestClock {
    /// Since when it runs; without it only [`TestClock::advance`] moves it.
    runs_since: Option<Instant>,
    ahead: Mutex<Duration>,
}

impl TestClock {
    /// A clock that runs like the machine's.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the tests")]
    pub fn running() -> Self {
        Self { runs_since: Some(Instant::now()), ahead: Mutex::default() }
    }

    /// A clock that stands still until it is moved.
    pub fn standing() -> Self {
        Self { runs_since: None, ahead: Mutex::default() }
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        *self.ahead.lock().expect("no panic while the clock is held") += by;
    }

    fn elapsed(&self) -> Duration {
        let ahead = *self.ahead.lock().expect("no panic while the clock is held");
        self.runs_since.map_or(Duration::ZERO, |since| since.elapsed()) + ahead
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        START.plus(i64::try_from(self.elapsed().as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.elapsed()
    }
}
