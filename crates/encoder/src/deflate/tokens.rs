//! What a block is made of, literals and matches, and how often each occurs.

use super::symbols::{DISTANCE_SYMBOLS, distance_extra_bits, distance_symbol};
use super::window::{BLOCK_BYTES, boxed};

/// Values of the first alphabet as tokens hold them: bytes, and from here on the lengths 3 to 258.
pub(super) const LENGTHS_FROM: usize = 256;
pub(super) const VALUES: usize = 512;
/// The shortest match that deflate has.
pub(super) const SHORTEST: usize = 3;
/// What a literal has where a match has its distance symbol: it costs nothing.
const NO_DISTANCE: u32 = 31;

/// A literal or a match in 32 bits: 9 of the value, 5 of the distance symbol, then the extra bits of the distance.
#[derive(Clone, Copy, Default)]
pub(super) struct Token(u32);

impl Token {
    #[inline(always)]
    pub(super) fn value(self) -> usize {
        self.0 as usize % VALUES
    }

    #[inline(always)]
    pub(super) fn distance_symbol(self) -> usize {
        (self.0 >> 9) as usize % 32
    }

    #[inline(always)]
    pub(super) fn distance_extra(self) -> u64 {
        u64::from(self.0 >> 14)
    }
}

/// The tokens of one block in order.
pub(super) struct Tokens {
    tokens: Box<[Token; BLOCK_BYTES]>,
    count: usize,
    /// How often each value of the first alphabet occurs.
    pub(super) values: [u32; VALUES],
    /// How often each distance symbol occurs; the places from [`DISTANCE_SYMBOLS`] on are not used.
    pub(super) distances: [u32; 32],
}

impl Default for Tokens {
    fn default() -> Self {
        Self { tokens: boxed(), count: 0, values: [0; VALUES], distances: [0; 32] }
    }
}

impl Tokens {
    pub(super) fn clear(&mut self) {
        (self.count, self.values, self.distances) = (0, [0; VALUES], [0; 32]);
    }

    pub(super) fn as_slice(&self) -> &[Token] {
        &self.tokens[..self.count]
    }

    #[inline(always)]
    pub(super) fn literal(&mut self, byte: u8) {
        self.values[usize::from(byte)] += 1;
        self.push(u32::from(byte) | NO_DISTANCE << 9);
    }

    /// A match of 3 to 258 bytes, 1 to 32,768 bytes back.
    #[inline(always)]
    pub(super) fn matched(&mut self, length: usize, distance: usize) {
        let value = (LENGTHS_FROM + length - SHORTEST) % VALUES;
        let (symbol, extra) = (distance_symbol(distance), distance - 1);
        let extra = extra as u32 & ((1 << distance_extra_bits(symbol)) - 1);
        self.values[value] += 1;
        self.distances[symbol % 32] += 1;
        debug_assert!(symbol < DISTANCE_SYMBOLS);
        self.push(value as u32 | (symbol as u32) << 9 | extra << 14);
    }

    #[inline(always)]
    fn push(&mut self, token: u32) {
        // A token stands for at least one byte of the block, so there are never more than places.
        self.tokens[self.count % BLOCK_BYTES] = Token(token);
        self.count += 1;
    }
}
