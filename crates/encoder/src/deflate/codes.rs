//! The codes of a block: for each value of a token the bits to send.

use super::huffman::{BITS_LIMIT, code_lengths, codes};
use super::symbols::{DISTANCE_SYMBOLS, END_OF_BLOCK, LITERAL_SYMBOLS, distance_extra_bits, length_symbol};
use super::tokens::{LENGTHS_FROM, SHORTEST, Token, Tokens, VALUES};

/// Symbols of the alphabet that the lengths of the other two are sent in.
const LENGTH_SYMBOLS: usize = 19;
/// The order in which its own lengths are sent, three bits each (3.2.7).
const LENGTH_ORDER: [usize; LENGTH_SYMBOLS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTH_BITS_LIMIT: usize = 7;

/// How each token is sent.
pub(super) struct Codes {
    /// Of each value: 24 bits of code and extra bits, then how many they are.
    values: [u32; VALUES],
    /// Of each distance symbol: 16 bits of code, 8 of its length, then the length with extra bits.
    distances: [u32; 32],
    end: (u64, u32),
}

/// Bits and how many they are, in the order in which they are sent.
pub(super) type Bits = Vec<(u64, u32)>;

impl Codes {
    /// The codes that need no header (3.2.6).
    pub(super) fn fixed() -> Self {
        let mut lengths = [8; LITERAL_SYMBOLS + 2];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        Self::new(&lengths, &[5; 32])
    }

    /// The codes that fit a block best, and the header that tells them.
    pub(super) fn fitting(tokens: &Tokens) -> (Self, Bits) {
        let mut counts = [0; LITERAL_SYMBOLS];
        counts[..LENGTHS_FROM].copy_from_slice(&tokens.values[..LENGTHS_FROM]);
        counts[END_OF_BLOCK] = 1;
        for (from_shortest, count) in tokens.values[LENGTHS_FROM..].iter().enumerate() {
            counts[length_symbol(SHORTEST + from_shortest).0] += count;
        }
        let mut literals = [0; LITERAL_SYMBOLS];
        let mut distances = [0; DISTANCE_SYMBOLS];
        code_lengths(&counts, BITS_LIMIT, &mut literals);
        code_lengths(&tokens.distances[..DISTANCE_SYMBOLS], BITS_LIMIT, &mut distances);
        (Self::new(&literals, &distances), header(&literals, &distances))
    }

    fn new(literal_lengths: &[u8], distance_lengths: &[u8]) -> Self {
        let mut literal_codes = [0; LITERAL_SYMBOLS + 2];
        codes(literal_lengths, &mut literal_codes);
        let literal = |symbol: usize| (u32::from(literal_codes[symbol]), u32::from(literal_lengths[symbol]));
        let mut values = [0; VALUES];
        for (value, entry) in values.iter_mut().enumerate() {
            let (symbol, extra, extra_bits) =
                if value < LENGTHS_FROM { (value, 0, 0) } else { length_symbol(SHORTEST + value - LENGTHS_FROM) };
            let (code, bits) = literal(symbol);
            *entry = code | extra << bits | (bits + extra_bits) << 24;
        }
        let mut distance_codes = [0; 32];
        codes(distance_lengths, &mut distance_codes);
        let mut distances = [0; 32];
        for (symbol, length) in distance_lengths.iter().enumerate().take(DISTANCE_SYMBOLS) {
            let bits = u32::from(*length);
            let code = u32::from(distance_codes[symbol]);
            distances[symbol] = code | bits << 16 | (bits + distance_extra_bits(symbol)) << 24;
        }
        let (end, end_bits) = literal(END_OF_BLOCK);
        Self { values, distances, end: (end.into(), end_bits) }
    }

    /// How many bits the tokens and the end of the block take.
    pub(super) fn count_bits(&self, tokens: &Tokens) -> u64 {
        let of = |counts: &[u32], entries: &[u32]| -> u64 {
            counts.iter().zip(entries).map(|(count, entry)| u64::from(*count) * u64::from(entry >> 24)).sum()
        };
        of(&tokens.values, &self.values) + of(&tokens.distances, &self.distances) + u64::from(self.end.1)
    }

    /// The bits of a token, at most 48. A literal is sent as a match is, with a distance of no bits: whether it is one
    /// is a coin toss that no processor can foretell.
    #[inline(always)]
    pub(super) fn token(&self, token: Token) -> (u64, u32) {
        let value = self.values[token.value()];
        let distance = self.distances[token.distance_symbol()];
        let tail = u64::from(distance & 0xffff) | token.distance_extra() << (distance >> 16 & 0xff);
        (u64::from(value & 0xff_ffff) | tail << (value >> 24), (value >> 24) + (distance >> 24))
    }

    /// The bits that end the block.
    pub(super) fn end(&self) -> (u64, u32) {
        self.end
    }
}

/// The lengths of both alphabets, themselves with codes (3.2.7).
fn header(literals: &[u8], distances: &[u8]) -> Bits {
    let used =
        |lengths: &[u8], least: usize| lengths.iter().rposition(|length| *length > 0).map_or(0, |at| at + 1).max(least);
    let (literals, distances) = (&literals[..used(literals, 257)], &distances[..used(distances, 1)]);
    let runs = runs_of(&[literals, distances].concat());
    let mut counts = [0; LENGTH_SYMBOLS];
    runs.iter().for_each(|(symbol, _, _)| counts[*symbol] += 1);
    let mut lengths = [0; LENGTH_SYMBOLS];
    code_lengths(&counts, LENGTH_BITS_LIMIT, &mut lengths);
    let mut length_codes = [0; LENGTH_SYMBOLS];
    codes(&lengths, &mut length_codes);
    let sent = LENGTH_ORDER.iter().rposition(|symbol| lengths[*symbol] > 0).map_or(0, |at| at + 1).max(4);

    let mut bits = vec![(literals.len() as u64 - 257, 5), (distances.len() as u64 - 1, 5), (sent as u64 - 4, 4)];
    bits.extend(LENGTH_ORDER[..sent].iter().map(|symbol| (u64::from(lengths[*symbol]), 3)));
    for (symbol, extra, extra_bits) in runs {
        bits.push((length_codes[symbol].into(), lengths[symbol].into()));
        bits.push((extra, extra_bits));
    }
    bits
}

/// Code lengths as symbols with extra bits: 16 repeats the length before it 3-6 times, 17 and 18 are 3-10 and 11-138
/// zeros.
fn runs_of(lengths: &[u8]) -> Vec<(usize, u64, u32)> {
    let mut runs = Vec::new();
    for run in lengths.chunk_by(|one, other| one == other) {
        let (length, mut left) = (usize::from(run[0]), run.len());
        if length > 0 {
            runs.push((length, 0, 0));
            left -= 1;
        }
        while left >= 3 {
            let (symbol, least, most, extra_bits) = match length {
                0 if left >= 11 => (18, 11, 138, 7),
                0 => (17, 3, 10, 3),
                _ => (16, 3, 6, 2),
            };
            let taken = left.min(most);
            runs.push((symbol, (taken - least) as u64, extra_bits));
            left -= taken;
        }
        (0..left).for_each(|_| runs.push((length, 0, 0)));
    }
    runs
}
