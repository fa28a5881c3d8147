//! Seeded chance: the same seed makes the same run.

use domain::random::Generator;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// How many standard deviations above the mean the 99th of a hundred lies.
const P99: f64 = 2.326_347_874;

/// The chance of a run.
pub struct Dice {
    rng: ChaCha8Rng,
    /// For rules of the system that ask for randomness themselves.
    pub random: Generator<ChaCha8Rng>,
}

impl Dice {
    /// Starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), random: Generator::seeded(!seed) }
    }

    /// From 0 to 1, neither of them.
    pub fn share(&mut self) -> f64 {
        ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Whether something happens that happens so often.
    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// From 0 to `bound`, without `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound.max(1)
    }

    /// A time around `mean`, up to two fifths off.
    pub fn around(&mut self, mean: u64) -> u64 {
        (mean as f64 * (0.6 + 0.8 * self.share())) as u64
    }

    /// A log-normal time with this median and 99th percentile.
    pub fn log_normal(&mut self, median: u64, p99: u64) -> u64 {
        // Box and Muller's transform: two even shares make a normal one.
        let normal = (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos();
        let spread = (p99 as f64 / median as f64).ln() / P99;
        (median as f64 * (spread * normal).exp()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_median_and_their_tail() {
        let mut dice = Dice::new(1);
        let mut times: Vec<_> = (0..100_000).map(|_| dice.log_normal(2_000, 40_000)).collect();
        times.sort_unstable();
        let (median, p99) = (times[50_000] as f64, times[99_000] as f64);
        assert!((median / 2_000.0 - 1.0).abs() < 0.03, "{median}");
        assert!((p99 / 40_000.0 - 1.0).abs() < 0.06, "{p99}");
    }
}
