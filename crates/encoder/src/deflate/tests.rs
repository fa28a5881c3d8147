//! Every stream is read back, by two readers that are not ours, and does not depend on how it was cut.

use std::io::Read;

use super::reference::Piece;
use super::symbols::distance_symbol;
use super::tokens::{LENGTHS_FROM, SHORTEST, Token};
use super::window::{BLOCK_BYTES, REACH_BYTES};
use super::*;

fn deflated(deflater: &mut Deflater, text: &[u8], cut: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sink = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok(())
    };
    text.chunks(cut).for_each(|chunk| deflater.write(chunk, &mut sink).unwrap());
    deflater.finish(&mut sink).unwrap();
    out
}

fn check(deflater: &mut Deflater, text: &[u8], cut: usize, place: &str) -> Vec<u8> {
    let out = deflated(deflater, text, cut);
    let inflated = miniz_oxide::inflate::decompress_to_vec(&out);
    assert!(inflated.is_ok_and(|inflated| inflated == text), "miniz_oxide reads something else: {place}");
    let (mut inflated, mut reader) = (Vec::new(), flate2::bufread::DeflateDecoder::new(&out[..]));
    let read = reader.read_to_end(&mut inflated);
    assert!(read.is_ok() && inflated == text, "zlib reads something else: {place}");
    assert_eq!(reader.total_in(), out.len() as u64, "bytes behind the end: {place}");
    // Stored blocks: five bytes for each 65,535, two of them for a full block.
    assert!(out.len() <= text.len() + 10 * text.len().div_ceil(BLOCK_BYTES).max(1), "too long: {place}");
    out
}

/// Random numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    /// Pieces of noise, of few different bytes, of runs and of what was there before, as a file may have them.
    fn text(&mut self, length: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(length);
        while text.len() < length {
            let longest = 1 << self.below(12);
            let piece = 1 + self.below(longest);
            match self.below(4) {
                0 => text.extend((0..piece).map(|_| self.roll() as u8)),
                1 => text.extend((0..piece).map(|_| b"aeinost,\r\n"[self.below(10)])),
                2 => text.extend(std::iter::repeat_n(self.roll() as u8, piece)),
                _ if text.is_empty() => {}
                _ => {
                    let distance = 1 + self.below(text.len().min(40_000));
                    let from = text.len() - distance;
                    (from..from + piece).for_each(|at| text.push(text[at]));
                }
            }
        }
        text.truncate(length);
        text
    }
}

/// The tokens of a block as the twin tells them.
fn pieces_of(tokens: &Tokens) -> Vec<Piece> {
    let piece = |token: &Token| match token.value() {
        byte @ 0..LENGTHS_FROM => Piece::Literal(byte as u8),
        value => {
            let symbol = token.distance_symbol();
            let base = (1..=REACH_BYTES).find(|distance| distance_symbol(*distance) == symbol).unwrap();
            Piece::Match { length: SHORTEST + value - LENGTHS_FROM, distance: base + token.distance_extra() as usize }
        }
    };
    tokens.as_slice().iter().map(piece).collect()
}

#[test]
fn matches_are_those_of_the_twin() {
    let (mut window, mut finder, mut tokens) = (Window::default(), Finder::default(), Tokens::default());
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let longest = 1 << dice.below(if seed % 20 == 0 { 20 } else { 15 });
        let length = dice.below(longest + 1);
        let text = dice.text(length);
        let mut left = &text[..];
        for expected in reference::pieces_of(&text) {
            left = window.fill(left);
            tokens.clear();
            finder.tokenize(&window, &mut tokens);
            window.slide();
            assert!(pieces_of(&tokens) == expected, "seed {seed}");
        }
        window.clear();
        finder.clear();
    }
}

#[test]
fn call_sizes_and_earlier_streams_leave_no_trace() {
    let mut used = Deflater::default();
    let mut dice = Dice(1);
    for length in [0, 1, 7, 8, 9, 1_000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 300_001] {
        let text = dice.text(length);
        let whole = check(&mut Deflater::default(), &text, usize::MAX, "at once");
        for cut in [1, 7, 4_096, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES] {
            assert!(deflated(&mut used, &text, cut) == whole, "{length} bytes in cuts of {cut}");
        }
    }
}

#[test]
fn ten_thousand_seeded_streams_are_read_back() {
    let mut deflater = Deflater::default();
    for seed in 0..10_000 {
        let mut dice = Dice(seed);
        let longest = 1 << dice.below(if seed % 50 == 0 { 19 } else { 13 });
        let length = dice.below(longest + 1);
        let text = dice.text(length);
        let cut = 1 + dice.below(2 * text.len() + 1);
        check(&mut deflater, &text, cut, &format!("seed {seed}"));
    }
}

#[test]
fn edges_of_lengths_and_distances() {
    let mut dice = Dice(2);
    let noise: Vec<u8> = (0..40_000).map(|_| dice.roll() as u8).collect();
    for length in [3, 4, 7, 8, 9, 257, 258, 259, 260, 516, 1_000] {
        for distance in [1, 2, 3, 4, 5, 7, 8, 9, 32_767, 32_768, 32_769] {
            let mut text = noise[..distance].to_vec();
            (0..length).for_each(|at| text.push(text[at]));
            text.extend_from_slice(&noise[39_900..]);
            check(&mut Deflater::default(), &text, 10_000, &format!("{length} bytes {distance} back"));
        }
    }
}

#[test]
fn incompressible_input_is_stored() {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"seed");
    let mut text = vec![0; 500_000];
    hasher.finalize_xof().fill(&mut text);
    let out = check(&mut Deflater::default(), &text, 10_000, "noise");
    assert!(out.len() > text.len());
}

#[test]
fn short_and_uniform_input() {
    let mut deflater = Deflater::default();
    assert_eq!(check(&mut deflater, b"", 1, "nothing"), [3, 0]);
    for byte in [0, b'a', 255] {
        for length in (1..300).chain([BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 1_000_000]) {
            check(&mut deflater, &vec![byte; length], usize::MAX, &format!("{length} times {byte}"));
        }
    }
}

#[test]
fn all_bytes_alike_and_codes_of_every_length() {
    // Counts like Fibonacci numbers make a tree deeper than codes may be long.
    let mut counts = vec![1_usize, 1];
    while counts.len() < 22 {
        counts.push(counts[counts.len() - 1] + counts[counts.len() - 2]);
    }
    let mut bytes: Vec<u8> =
        counts.iter().enumerate().flat_map(|(byte, count)| std::iter::repeat_n(byte as u8, *count)).collect();
    let mut dice = Dice(3);
    (1..bytes.len()).for_each(|at| bytes.swap(at, dice.below(at + 1)));
    check(&mut Deflater::default(), &bytes, 1_000, "fibonacci");
    let even: Vec<u8> = (0..200_000).map(|_| dice.roll() as u8 & 0x7f).collect();
    let out = check(&mut Deflater::default(), &even, 1_000, "seven bits");
    assert!(out.len() < even.len() * 7 / 8 + 1_000);
}
