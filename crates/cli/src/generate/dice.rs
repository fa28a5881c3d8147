//! Seeded chance in whole numbers: the same on every machine, since no floating point takes part.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// What a stream of chance is for; each organisation has one of each, so that none shifts another.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Channels and senders.
    Profile,
    /// Which day and hour gets how much.
    Schedule,
    /// The messages themselves.
    Messages,
}

/// One stream of chance.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `purpose` of the organisation with this number.
    pub fn new(seed: u64, organisation: u32, purpose: Purpose) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(organisation) * 8 + purpose as u64);
        Self(rng)
    }

    /// 0 to `limit` - 1, all equally often (but for 2^-32).
    pub fn below(&mut self, limit: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(limit)) >> 32) as u32
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// 0 to `limit` - 1, small ones far more often: roughly each half of what is left half as often as the one before.
    pub fn skewed(&mut self, limit: u32) -> u32 {
        let halvings = self.below(u32::BITS - limit.leading_zeros());
        self.below((limit >> halvings).max(1))
    }

    /// 0 to `limit` - 1, small ones more often, with a long tail.
    pub fn sloped(&mut self, limit: u32) -> u32 {
        let upper = self.below(limit);
        self.below(upper + 1)
    }

    /// One of `from`.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u32) as usize]
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}
