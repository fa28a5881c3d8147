//! Cutting what comes into blocks, and holding back those that may still be patched.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use super::sizes::{MOST_PARTS, PartSizes};

/// Bytes cut into blocks. A full block goes out as soon as no more of it will be patched.
///
/// Held are the last block and those that hold bytes announced by [`Blocks::will_patch`], which are at most two for an
/// announcement shorter than a block.
#[derive(Debug)]
pub struct Blocks {
    sizes: PartSizes,
    /// The block that is filled, and its number from 1.
    last: Block,
    number: u32,
    held: BTreeMap<u32, Block>,
    announced: Range<u64>,
}

#[derive(Debug, Default)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn meets(&self, range: &Range<u64>) -> bool {
        self.start < range.end && range.start < self.end()
    }

    /// Overwrites what of `bytes`, which begin at `offset`, lies in here; returns how many bytes.
    fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> usize {
        let (start, end) = (offset.max(self.start), (offset + bytes.len() as u64).min(self.end()));
        if start >= end {
            return 0;
        }
        let (to, from) = ((start - self.start) as usize, (start - offset) as usize);
        let length = (end - start) as usize;
        self.bytes[to..to + length].copy_from_slice(&bytes[from..from + length]);
        length
    }
}

/// Blocks that are final, with their numbers.
pub type Final = Vec<(u32, Bytes)>;

/// Why bytes were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// They were not appended, or are sent already: nobody announced that they would be patched.
    OutOfRange,
    /// There are as many parts as one upload can have.
    TooLarge,
}

impl Blocks {
    /// Nothing yet.
    pub fn new(sizes: PartSizes) -> Self {
        Self { sizes, last: Block::default(), number: 1, held: BTreeMap::new(), announced: 0..0 }
    }

    /// Bytes that came.
    pub fn bytes(&self) -> u64 {
        self.last.end()
    }

    /// Says which of the bytes to come will be patched, once. What was announced before is final.
    pub fn will_patch(&mut self, range: Range<u64>) -> Final {
        self.announced = range;
        let announced = self.announced.clone();
        self.held.extract_if(.., |_, block| !block.meets(&announced)).map(finish).collect()
    }

    /// Adds bytes at the end; returns blocks that are full and final.
    pub fn append(&mut self, mut bytes: &[u8]) -> Result<Final, Refused> {
        let mut done = Vec::new();
        while !bytes.is_empty() {
            let size = self.sizes.of(self.number) as usize;
            if self.last.bytes.len() == size {
                done.extend(self.seal()?);
                continue;
            }
            let (now, rest) = bytes.split_at(bytes.len().min(size - self.last.bytes.len()));
            self.last.bytes.extend_from_slice(now);
            bytes = rest;
        }
        Ok(done)
    }

    /// Overwrites bytes that are held, and ends the announcement.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<Final, Refused> {
        let end = offset.checked_add(bytes.len() as u64).ok_or(Refused::OutOfRange)?;
        let blocks = || self.held.values().chain([&self.last]);
        let patched = offset..end;
        let here: u64 = blocks().map(|block| overlap(&patched, &(block.start..block.end()))).sum();
        if here != bytes.len() as u64 {
            return Err(Refused::OutOfRange);
        }
        for block in self.held.values_mut().chain([&mut self.last]) {
            block.overwrite(offset, bytes);
        }
        self.announced = 0..0;
        Ok(std::mem::take(&mut self.held).into_iter().map(finish).collect())
    }

    /// All that is left, the last block behind those that were held. A block of number 1 and no other is the whole object.
    /// Nothing can be added from here on.
    pub fn finish(&mut self) -> Final {
        let mut left: Final = std::mem::take(&mut self.held).into_iter().map(finish).collect();
        left.push(finish((self.number, std::mem::take(&mut self.last))));
        left
    }

    /// Most bytes of one object.
    pub fn limit_bytes(&self) -> u64 {
        self.sizes.limit_bytes()
    }

    /// The last block is full, and another begins.
    fn seal(&mut self) -> Result<Option<(u32, Bytes)>, Refused> {
        if self.number == MOST_PARTS {
            return Err(Refused::TooLarge);
        }
        let next = Block { start: self.last.end(), bytes: Vec::new() };
        let full = (self.number, std::mem::replace(&mut self.last, next));
        self.number += 1;
        if full.1.meets(&self.announced) {
            self.held.insert(full.0, full.1);
            return Ok(None);
        }
        Ok(Some(finish(full)))
    }
}

fn finish((number, block): (u32, Block)) -> (u32, Bytes) {
    (number, block.bytes.into())
}

fn overlap(one: &Range<u64>, other: &Range<u64>) -> u64 {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PART: u64 = PartSizes::LEAST_BYTES;

    #[derive(Clone, Debug)]
    struct Entry {
        header: u64,
        data: u64,
        pieces: usize,
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let data = prop_oneof![0..200_000_u64, PART - 100..PART + 100, 0..3 * PART];
        let entry = (prop_oneof![Just(0_u64), 1..200_u64], data, 1..2_000_000_usize);
        prop::collection::vec(entry.prop_map(|(header, data, pieces)| Entry { header, data, pieces }), 0..5)
    }

    /// Entries whose header is announced, appended as zeros and patched once the entry ends.
    fn check(entries: &[Entry]) {
        let (mut blocks, mut expected, mut out) = (Blocks::new(PartSizes::new(PART)), Vec::new(), Vec::new());
        for (entry, seed) in entries.iter().zip(1_u8..) {
            let start = blocks.bytes();
            if entry.header > 0 {
                out.extend(blocks.will_patch(start..start + entry.header));
                out.extend(blocks.append(&vec![0; entry.header as usize]).unwrap());
            }
            let data: Vec<u8> = (0..entry.data).map(|at| (at % 251) as u8 ^ seed).collect();
            for piece in data.chunks(entry.pieces) {
                out.extend(blocks.append(piece).unwrap());
                assert!(blocks.held.len() <= 2, "{}", blocks.held.len());
            }
            let header = vec![seed | 0x80; entry.header as usize];
            if entry.header > 0 {
                out.extend(blocks.patch(start, &header).unwrap());
            }
            expected.extend_from_slice(&header);
            expected.extend_from_slice(&data);
        }
        assert_eq!(blocks.bytes(), expected.len() as u64);
        out.extend(blocks.finish());
        out.sort_by_key(|(number, _)| *number);
        assert!(out.iter().zip(1..).all(|((number, _), expected)| *number == expected));
        let (last, full) = out.split_last().expect("an empty object is one block, too");
        assert!(full.iter().all(|(_, bytes)| bytes.len() as u64 == PART) && last.1.len() as u64 <= PART);
        assert!(out.iter().flat_map(|(_, bytes)| bytes.iter()).eq(&expected));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn blocks_are_the_bytes_as_they_were_patched(entries in entries()) {
            check(&entries);
        }
    }

    #[test]
    fn a_header_over_the_edge_of_two_blocks_holds_both() {
        for header in [1, 40, 199] {
            check(&[
                Entry { header: 0, data: PART - 20, pieces: 1 << 20 },
                Entry { header, data: 2 * PART, pieces: 1 << 20 },
            ]);
        }
    }

    #[test]
    fn what_is_sent_cannot_be_patched() {
        let mut blocks = Blocks::new(PartSizes::new(PART));
        assert_eq!(blocks.append(&vec![0; PART as usize + 1]).unwrap().len(), 1);
        for (offset, bytes) in [(0, 1), (PART - 1, 2), (PART + 1, 1), (u64::MAX, 1)] {
            assert_eq!(blocks.patch(offset, &vec![1; bytes]), Err(Refused::OutOfRange), "{offset}");
        }
        assert_eq!(blocks.patch(PART, &[1]), Ok(Vec::new()));
    }

    #[test]
    fn no_part_over_the_last() {
        let mut blocks = Blocks::new(PartSizes::new(PART));
        blocks.number = MOST_PARTS;
        let size = blocks.sizes.of(MOST_PARTS) as usize;
        assert_eq!(blocks.append(&vec![0; size]), Ok(Vec::new()));
        assert_eq!(blocks.append(&[0]), Err(Refused::TooLarge));
    }
}
