//! What storage does to bytes: one bit turned over, or the end cut off.

use std::fs;
use std::path::Path;

use crate::Dice;

/// Cuts among the damages: one in so many.
const CUT_ONCE_IN: usize = 4;

/// One damage to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A single bit is turned over.
    Flip {
        /// In which byte.
        byte: usize,
        /// Which bit of it (0-7).
        bit: u8,
    },
    /// All from here on is gone.
    Cut {
        /// Bytes that are left, fewer than there were.
        length: usize,
    },
}

impl Damage {
    /// A damage to a file of so many bytes, at least one.
    pub fn seeded(dice: &mut Dice, bytes: usize) -> Self {
        if dice.once_in(CUT_ONCE_IN) {
            Self::Cut { length: dice.below(bytes) }
        } else {
            Self::Flip { byte: dice.below(bytes), bit: dice.below(8) as u8 }
        }
    }

    /// The bytes after the damage.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Flip { byte, bit } => {
                let mut bytes = bytes.to_vec();
                bytes[byte] ^= 1 << bit;
                bytes
            }
            Self::Cut { length } => bytes[..length].to_vec(),
        }
    }

    /// Damages a file where it lies, and returns what it held.
    pub fn strike(dice: &mut Dice, path: &Path) -> (Self, Vec<u8>) {
        let bytes = fs::read(path).expect("a file to damage");
        let damage = Self::seeded(dice, bytes.len());
        fs::write(path, damage.of(&bytes)).expect("damage");
        (damage, bytes)
    }
}
