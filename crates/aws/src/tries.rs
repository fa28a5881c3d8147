//! How often a call is tried, how long each try may take, and how long is waited between two.

use std::time::Duration;

use domain::random::{Random, backoff};

/// The limits of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Most tries of one call, the first included.
    pub limit: u32,
    /// Most time waited behind the first; doubled behind each further one.
    pub first_wait: Duration,
    /// Most time waited at once.
    pub longest_wait: Duration,
    /// Time of one try, without that of its bytes.
    pub deadline: Duration,
    /// Bytes a second that a slow network carries at least: the time of a try grows by them.
    pub slowest_bytes_per_second: u64,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            limit: 5,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(5),
            deadline: Duration::from_secs(20),
            slowest_bytes_per_second: 256 << 10,
        }
    }
}

impl Tries {
    /// One try that ends soon, for a look whether the server is there.
    pub const fn one(deadline: Duration) -> Self {
        Self {
            limit: 1,
            first_wait: Duration::ZERO,
            longest_wait: Duration::ZERO,
            deadline,
            slowest_bytes_per_second: 1,
        }
    }

    /// How long one try with so many bytes may take.
    pub fn deadline(&self, bytes: u64) -> Duration {
        self.deadline + Duration::from_secs(bytes / self.slowest_bytes_per_second.max(1))
    }

    /// How long to wait behind try `number` (from 0).
    pub fn wait_after(&self, number: u32, random: &dyn Random) -> Duration {
        backoff(self.first_wait, self.longest_wait, number, random)
    }
}

#[cfg(test)]
mod tests {
    use domain::random::Generator;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn waits_grow_and_are_spread() {
        let (tries, random) = (Tries::default(), Generator::<ChaCha8Rng>::seeded(1));
        for (number, bound_milliseconds) in [(0, 200), (1, 400), (2, 800), (3, 1_600), (5, 5_000), (40, 5_000)] {
            let waits: Vec<_> = (0..200).map(|_| tries.wait_after(number, &random)).collect();
            let bound = Duration::from_millis(bound_milliseconds);
            assert!(waits.iter().all(|wait| *wait <= bound));
            assert!(waits.iter().any(|wait| *wait < bound / 4) && waits.iter().any(|wait| *wait > bound * 3 / 4));
        }
    }

    #[test]
    fn a_try_has_time_for_its_bytes() {
        let tries = Tries::default();
        assert_eq!(tries.deadline(0), Duration::from_secs(20));
        assert_eq!(tries.deadline(8 << 20), Duration::from_secs(52));
    }
}
