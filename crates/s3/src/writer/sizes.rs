//! How large the parts of an upload are.

/// Most parts of one upload.
pub const MOST_PARTS: u32 = 10_000;

/// The sizes of parts: the first thousand have the first size, the next thousand twice that, then three times, so that what is
/// held in memory stays small for all but huge objects, and 10,000 parts hold 55,000 times the first size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartSizes {
    first_bytes: u64,
}

impl PartSizes {
    /// Fewest bytes of a part that is not the last.
    pub const LEAST_BYTES: u64 = 5 << 20;
    /// Most bytes that the first size may be: ten times this is the most that S3 takes.
    pub const MOST_FIRST_BYTES: u64 = 512 << 20;
    /// Parts of one size.
    const STEP: u32 = 1_000;

    /// Sizes that begin with `first_bytes`, which is brought within what S3 takes.
    pub fn new(first_bytes: u64) -> Self {
        Self { first_bytes: first_bytes.clamp(Self::LEAST_BYTES, Self::MOST_FIRST_BYTES) }
    }

    /// The size of part `number` (from 1), in bytes.
    pub fn of(self, number: u32) -> u64 {
        self.first_bytes * u64::from(1 + number.saturating_sub(1) / Self::STEP)
    }

    /// Most bytes of one object.
    pub fn limit_bytes(self) -> u64 {
        let steps = u64::from(MOST_PARTS / Self::STEP);
        self.first_bytes * u64::from(Self::STEP) * (steps * (steps + 1) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_hold_a_large_object() {
        for first_bytes in [0, 8 << 20, PartSizes::MOST_FIRST_BYTES, u64::MAX] {
            let sizes = PartSizes::new(first_bytes);
            let whole: u64 = (1..=MOST_PARTS).map(|number| sizes.of(number)).sum();
            assert_eq!(whole, sizes.limit_bytes());
            let fits = |number| (PartSizes::LEAST_BYTES..=5 << 30).contains(&sizes.of(number));
            assert!((1..=MOST_PARTS).all(fits));
        }
        assert_eq!(PartSizes::new(8 << 20).limit_bytes(), 461_373_440_000);
        assert_eq!([1, 1_000, 1_001, 10_000].map(|number| PartSizes::new(8 << 20).of(number) >> 20), [8, 8, 16, 80]);
    }
}
