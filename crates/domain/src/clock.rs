//! Time as a parameter: a wall clock for records, a monotonic one for waiting.

use std::sync::Mutex;
use std::time::Duration;

use crate::time::Micros;

/// What the time is. Wall time may jump; the monotonic reading never goes back.
pub trait Clock: Send + Sync {
    /// The wall clock, UTC.
    fn now(&self) -> Micros;
    /// Time since an arbitrary start of this process.
    fn monotonic(&self) -> Duration;
}

/// A clock that stands still until it is moved, for tests and simulations.
#[derive(Debug)]
pub struct ManualClock(Mutex<(Micros, Duration)>);

impl ManualClock {
    /// A clock that shows `now`, with its monotonic reading at zero.
    pub fn at(now: Micros) -> Self {
        Self(Mutex::new((now, Duration::ZERO)))
    }

    /// Moves both readings on.
    pub fn advance(&self, by: Duration) {
        let mut reading = self.0.lock().expect("no panic while the clock is held");
        reading.0 = reading.0.plus(i64::try_from(by.as_micros()).unwrap_or(i64::MAX));
        reading.1 += by;
    }

    /// Sets the wall clock alone, as an administrator or a time service would.
    pub fn step_to(&self, now: Micros) {
        self.0.lock().expect("no panic while the clock is held").0 = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Micros {
        self.0.lock().expect("no panic while the clock is held").0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().expect("no panic while the clock is held").1
    }
}
