//! Randomness as a parameter.

use std::sync::Mutex;
use std::time::Duration;

use rand_core::{RngCore, SeedableRng};

use crate::time::Micros;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// Any generator of the `rand` family behind a lock: the operating system's in the program, a seeded one in tests.
#[derive(Debug)]
pub struct Generator<R>(Mutex<R>);

impl<R: RngCore> Generator<R> {
    /// Takes the generator as it is.
    pub fn new(rng: R) -> Self {
        Self(Mutex::new(rng))
    }
}

impl<R: RngCore + SeedableRng> Generator<R> {
    /// The generator that starts from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self::new(R::seed_from_u64(seed))
    }
}

impl<R: RngCore + Send> Random for Generator<R> {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().expect("no panic while a generator is held").fill_bytes(bytes);
    }
}

/// How long to wait behind try `number` (from 0): anything up to a bound that begins with `first` and doubles with each try up
/// to `longest`, so that many who failed together do not come back together.
pub fn backoff(first: Duration, longest: Duration, number: u32, random: &dyn Random) -> Duration {
    let bound = first.saturating_mul(1 << number.min(16)).min(longest);
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    bound.mul_f64(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

/// A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits.
pub fn uuid_v7(now: Micros, random: &dyn Random) -> uuid::Uuid {
    let mut bits = [0; 10];
    random.fill(&mut bits);
    let millis = u64::try_from(now.0.div_euclid(1000)).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}
