//! Finding matches: greedy, by a table of the last two places where the same hash of four bytes was.

use super::tokens::Tokens;
use super::window::{BLOCK_BYTES, REACH_BYTES, START, Window, boxed};

/// Two places share each of these slots.
const SLOT_BITS: u32 = 15;
/// The shortest match worth its distance.
pub(super) const MATCH_BYTES: usize = 4;
/// The longest match that deflate has.
pub(super) const LONGEST: usize = 258;
/// So many bytes before its end a block has literals only, so that eight bytes can always be compared.
pub(super) const TAIL_BYTES: usize = 8;

/// The places of the stream so far, modulo [`BLOCK_BYTES`].
pub(super) struct Finder {
    /// The latest place in the lower half, the one before in the upper. A place never set means the stream's first byte,
    /// and one overwritten long ago some other byte: every candidate is compared, so none needs to be marked.
    slots: Box<[u32; 1 << SLOT_BITS]>,
}

/// A match that was found.
#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl Default for Finder {
    fn default() -> Self {
        Self { slots: boxed() }
    }
}

/// The slot of four bytes: the upper bits of a product with 2^32 divided by the golden ratio (Knuth, TAOCP 3, 6.4).
#[inline(always)]
pub(super) fn slot_of(four: u32) -> usize {
    (four.wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS)) as usize
}

impl Finder {
    /// Forgets the stream.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0);
    }

    /// Turns the block of the window into tokens.
    pub(super) fn tokenize(&mut self, window: &Window, tokens: &mut Tokens) {
        let end = window.end();
        let matched_until = end.saturating_sub(TAIL_BYTES);
        let mut place = START;
        while place < matched_until {
            let eight = window.eight(place);
            match self.find(window, place, eight) {
                None => {
                    tokens.literal(window.byte(place));
                    place += 1;
                }
                Some(found) => {
                    tokens.matched(found.length, found.distance);
                    self.remember_within(window, place, eight, found.length);
                    place += found.length;
                }
            }
        }
        (place..end).for_each(|place| tokens.literal(window.byte(place)));
    }

    /// Some places inside a match: its first ones and its last, which is where the next match often begins.
    #[inline(always)]
    fn remember_within(&mut self, window: &Window, place: usize, eight: u64, length: usize) {
        self.exchange((eight >> 8) as u32, place + 1);
        self.exchange((eight >> 16) as u32, place + 2);
        self.exchange((eight >> 24) as u32, place + 3);
        let last = place + length - 1;
        self.exchange(window.eight(last) as u32, last);
    }

    /// Remembers a place and answers with the two before it.
    #[inline(always)]
    fn exchange(&mut self, four: u32, place: usize) -> u32 {
        let slot = &mut self.slots[slot_of(four)];
        let before = *slot;
        *slot = before << 16 | u32::from(place as u16);
        before
    }

    /// The longer of two candidates, the nearer one where they are equal. No branch depends on which of them it is.
    #[inline(always)]
    fn find(&mut self, window: &Window, place: usize, eight: u64) -> Option<Match> {
        let before = self.exchange(eight as u32, place);
        let distances =
            [before, before >> 16].map(|candidate| usize::from((place as u16).wrapping_sub(candidate as u16)));
        // Most places have no match, and this is all it takes to see that.
        let [near, far] = distances.map(|distance| window.four(place - distance) == eight as u32);
        if !(near | far) {
            return None;
        }
        let [near, far] = distances.map(|distance| match_of(window, place, eight, distance));
        let best = if far.length > near.length { far } else { near };
        if best.length < MATCH_BYTES {
            return None;
        }
        if best.length < 8 {
            return Some(best);
        }
        let best = extended(window, place, best.distance);
        if near.length < 8 || far.length < 8 || best.length == LONGEST {
            return Some(best);
        }
        let far = extended(window, place, far.distance);
        Some(if far.length > best.length { far } else { best })
    }
}

/// How many of the first eight bytes are the same; none out of reach.
#[inline(always)]
fn match_of(window: &Window, place: usize, eight: u64, distance: usize) -> Match {
    let different = window.eight(place - distance) ^ eight;
    let in_reach = distance.wrapping_sub(1) < REACH_BYTES;
    Match { length: if in_reach { different.trailing_zeros() as usize / 8 } else { 0 }, distance }
}

/// A match of at least eight bytes in its full length, which never goes beyond the block.
#[inline(always)]
fn extended(window: &Window, place: usize, distance: usize) -> Match {
    let longest = (window.end() - place).min(LONGEST);
    let mut length = 8;
    while length < longest {
        let different = window.eight(place + length) ^ window.eight(place + length - distance);
        if different != 0 {
            length += different.trailing_zeros() as usize / 8;
            break;
        }
        length += 8;
    }
    Match { length: length.min(longest), distance }
}

// Places are kept in 16 bits.
const _: () = assert!(BLOCK_BYTES == 1 << 16);
