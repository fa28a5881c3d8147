//! The slow, obvious twin of the matching: it keeps the whole stream, counts places from its start and compares byte by
//! byte. It shares only the constants and the hash.

use super::matches::{LONGEST, MATCH_BYTES, TAIL_BYTES, slot_of};
use super::window::{BLOCK_BYTES, REACH_BYTES};

/// What the text of a stream is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(u8),
    Match { length: usize, distance: usize },
}

/// The pieces of a stream, block by block.
pub(super) fn pieces_of(text: &[u8]) -> Vec<Vec<Piece>> {
    // Per slot the place seen last and the one before.
    let mut seen = vec![[0_usize; 2]; 1 << 15];
    let mut blocks = Vec::new();
    for start in (0..text.len().max(1)).step_by(BLOCK_BYTES) {
        blocks.push(block_of(text, start, text.len().min(start + BLOCK_BYTES), &mut seen));
    }
    blocks
}

fn block_of(text: &[u8], start: usize, end: usize, seen: &mut [[usize; 2]]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut place = start;
    while place < end {
        let mut best = (0, 0);
        if place + TAIL_BYTES < end {
            for candidate in remember(text, end, place, seen) {
                // A place is known modulo a block only.
                let distance = (place - candidate) % BLOCK_BYTES;
                if (1..=REACH_BYTES).contains(&distance) {
                    let same = (place..end).take(LONGEST).take_while(|at| text[*at] == text[*at - distance]).count();
                    best = if same > best.0 { (same, distance) } else { best };
                }
            }
        }
        let (length, distance) = best;
        if length < MATCH_BYTES {
            pieces.push(Piece::Literal(text[place]));
            place += 1;
            continue;
        }
        for inside in [place + 1, place + 2, place + 3, place + length - 1] {
            remember(text, end, inside, seen);
        }
        pieces.push(Piece::Match { length, distance });
        place += length;
    }
    pieces
}

/// The places that had the same slot, the latest first.
fn remember(text: &[u8], end: usize, place: usize, seen: &mut [[usize; 2]]) -> [usize; 2] {
    let mut four = [0; 4];
    for (at, byte) in (place..end).zip(&mut four) {
        *byte = text[at];
    }
    let slot = &mut seen[slot_of(u32::from_le_bytes(four))];
    let before = *slot;
    *slot = [place, before[0]];
    before
}
