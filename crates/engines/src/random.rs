//! Passwords and names that nobody else has, and draws that a seed repeats.

use std::fs::File;
use std::io::Read;

/// 32 hex digits from the kernel: a password, or enough for a name.
pub fn word() -> String {
    bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from the kernel.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.expect("the kernel has random bytes");
    bytes
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same draws for the same seed.
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_draws() {
        // The first outputs for seed 0, as the authors' reference prints them.
        let mut draws = Draws::from_seed(0);
        assert_eq!([draws.next(), draws.next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        assert!((0..1000).all(|_| draws.below(7) < 7));
        assert_ne!(word(), word());
    }
}
