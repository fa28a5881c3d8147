//! What things cost by DynamoDB's rules: capacity units by size, twice in a transaction, so many a second for one item.

use crate::scenario::{SECOND, Time};

/// Bytes of a write unit.
const WRITE_UNIT: u64 = 1_024;
/// Bytes of a read unit.
const READ_UNIT: u64 = 4_096;
/// Write units that one partition takes in a second.
const PARTITION_WRITE_UNITS: f64 = 1_000.0;
/// What lies beside the record of an export or a lane: keys, state, due time, version, names of attributes (bytes).
const ITEM_KEYS: u64 = 260;
/// Entries of the index of due exports (bytes).
const INDEX_ENTRY: u64 = 140;

/// What was used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Write capacity units.
    pub write_units: u64,
    /// Read capacity units, in halves: a read that may be a little old costs one.
    pub read_half_units: u64,
}

impl Cost {
    /// Reads an item of so many bytes as it is now.
    pub fn read(&mut self, bytes: u64) {
        self.read_half_units += 2 * bytes.div_ceil(READ_UNIT).max(1);
    }

    /// Reads so many entries of the index of due exports.
    pub fn read_index(&mut self, entries: usize) {
        self.read_half_units += (entries as u64 * INDEX_ENTRY).div_ceil(READ_UNIT).max(1);
    }
}

/// The size of an item whose record has so many bytes.
pub const fn item_bytes(record: usize) -> u64 {
    record as u64 + ITEM_KEYS
}

/// What writing an item in a transaction costs.
pub fn write_units(bytes: u64) -> u64 {
    2 * bytes.div_ceil(WRITE_UNIT).max(1)
}

/// What one partition can take now: a second's worth at once.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    left: f64,
    at: Time,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { left: PARTITION_WRITE_UNITS, at: 0 }
    }
}

impl Capacity {
    /// Takes so many units, or none if there are fewer.
    pub fn take(&mut self, units: u64, at: Time) -> bool {
        let gained = (at - self.at) as f64 / SECOND as f64 * PARTITION_WRITE_UNITS;
        (self.left, self.at) = ((self.left + gained).min(PARTITION_WRITE_UNITS), at);
        let has = self.left >= units as f64;
        if has {
            self.left -= units as f64;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted_as_dynamodb_does() {
        for (bytes, expected) in [(0, 2), (1, 2), (1_024, 2), (1_025, 4), (26_000, 52)] {
            assert_eq!(write_units(bytes), expected, "{bytes}");
        }
        let mut cost = Cost::default();
        for bytes in [0, 4_096, 4_097] {
            cost.read(bytes);
        }
        cost.read_index(0);
        cost.read_index(1_000);
        assert_eq!(cost.read_half_units, 2 + 2 + 4 + 1 + 35);
    }

    #[test]
    fn a_partition_takes_so_much_a_second() {
        let mut capacity = Capacity::default();
        assert_eq!((0..600).filter(|_| capacity.take(2, 0)).count(), 500);
        assert!(!capacity.take(2, SECOND / 1_000));
        assert!(capacity.take(2, SECOND / 500));
        assert_eq!((0..600).filter(|_| capacity.take(2, 60 * SECOND)).count(), 500);
    }
}
