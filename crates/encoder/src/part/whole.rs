//! The BLAKE3 of a whole part while it is written, though the header of the open entry is known last.
//!
//! BLAKE3 is a tree over the bytes (BLAKE3 paper, section 2.1): each block becomes one node of it, and only the blocks that
//! hold the open entry's header are kept until it is patched.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::Output;
use crate::hash::Hash256;

/// A whole number of subtrees: a power of two of chunks.
const BLOCK_BYTES: usize = 256 * 1024;

/// An output whose bytes are hashed as a whole.
pub(super) struct Whole<O> {
    output: O,
    /// Of each full block, in order; of a kept one not yet the right value.
    nodes: Vec<ChainingValue>,
    /// Full blocks that hold bytes still to be patched.
    kept: BTreeMap<usize, Vec<u8>>,
    /// The last block, never empty once there are full ones.
    block: Vec<u8>,
    /// Bytes still to be patched.
    unknown: Range<u64>,
    hashes: bool,
}

impl<O: Output> Whole<O> {
    /// Over an output that is empty; `hashes` is false where the hash is known otherwise.
    pub(super) fn new(output: O, hashes: bool) -> Self {
        Self { output, nodes: Vec::new(), kept: BTreeMap::new(), block: Vec::new(), unknown: 0..0, hashes }
    }

    /// The output and the hash of everything in it, where it was asked for.
    pub(super) fn finish(mut self) -> (O, Option<Hash256>) {
        if !self.hashes {
            return (self.output, None);
        }
        if self.nodes.is_empty() {
            return (self.output, Some(Hash256::blake3(&self.block)));
        }
        self.nodes.push(node(self.nodes.len(), &self.block));
        let (left, right) = halves(&self.nodes);
        let root = merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash);
        (self.output, Some(root.into()))
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.block.len() == BLOCK_BYTES {
                self.seal();
            }
            let (now, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.block.len()));
            self.block.extend_from_slice(now);
            bytes = rest;
        }
    }

    /// The last block is full, and another begins.
    fn seal(&mut self) {
        let index = self.nodes.len();
        let (start, end) = (offset_of(index), offset_of(index + 1));
        if self.unknown.start < end && start < self.unknown.end {
            self.nodes.push(ChainingValue::default());
            self.kept.insert(index, std::mem::take(&mut self.block));
        } else {
            self.nodes.push(node(index, &self.block));
            self.block.clear();
        }
    }

    fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> Option<()> {
        for (at, byte) in (offset..).zip(bytes) {
            let index = usize::try_from(at / BLOCK_BYTES as u64).ok()?;
            let block = if index == self.nodes.len() { &mut self.block } else { self.kept.get_mut(&index)? };
            *block.get_mut((at % BLOCK_BYTES as u64) as usize)? = *byte;
        }
        self.unknown = 0..0;
        for (index, block) in std::mem::take(&mut self.kept) {
            self.nodes[index] = node(index, &block);
        }
        Some(())
    }
}

impl<O: Output> Output for Whole<O> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.hashes {
            self.take(bytes);
        }
        self.output.append(bytes)
    }

    fn will_patch(&mut self, range: Range<u64>) -> io::Result<()> {
        self.unknown = range.clone();
        self.output.will_patch(range)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let elsewhere = || io::Error::new(io::ErrorKind::InvalidInput, "a patch where none was announced");
        self.overwrite(offset, bytes).ok_or_else(elsewhere)?;
        self.output.patch(offset, bytes)
    }
}

const fn offset_of(index: usize) -> u64 {
    index as u64 * BLOCK_BYTES as u64
}

fn node(index: usize, block: &[u8]) -> ChainingValue {
    blake3::Hasher::new().set_input_offset(offset_of(index)).update(block).finalize_non_root()
}

/// The left half is the greatest power of two of nodes that leaves something to the right.
fn halves(nodes: &[ChainingValue]) -> (&[ChainingValue], &[ChainingValue]) {
    nodes.split_at(nodes.len().next_power_of_two() / 2)
}

fn subtree(nodes: &[ChainingValue]) -> ChainingValue {
    if let [node] = nodes {
        return *node;
    }
    let (left, right) = halves(nodes);
    merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of so many bytes, each with a header of 40 that is patched when the entry ends.
    fn check(entries: &[usize], piece: usize) {
        let mut whole = Whole::new(Vec::new(), true);
        let mut offset = 0_u64;
        for (number, length) in entries.iter().enumerate() {
            whole.will_patch(offset..offset + 40).unwrap();
            whole.append(&[0; 40]).unwrap();
            let data: Vec<u8> = (0..*length).map(|at| (at * 31 + number) as u8).collect();
            data.chunks(piece).for_each(|piece| whole.append(piece).unwrap());
            whole.patch(offset, &[!(number as u8); 40]).unwrap();
            offset += 40 + *length as u64;
        }
        let (bytes, hash) = whole.finish();
        assert_eq!(hash, Some(Hash256::blake3(&bytes)), "{entries:?}");
    }

    #[test]
    fn it_is_the_hash_of_the_finished_file() {
        const B: usize = BLOCK_BYTES;
        for entries in [&[][..], &[0], &[1], &[B - 40], &[B - 39], &[2 * B - 40], &[2 * B], &[7 * B + 5]] {
            check(entries, 64 * 1024);
        }
        // A header over the edge of two blocks, at once final, and long after.
        for second in [0, 10, 3 * B] {
            check(&[B - 60, second, 12, B, 5 * B + 1], 50_000);
        }
        check(&[100; 9_000], 7);
    }

    #[test]
    fn a_patch_that_was_not_announced_is_refused() {
        let mut whole = Whole::new(Vec::new(), true);
        whole.append(&vec![0; 3 * BLOCK_BYTES]).unwrap();
        assert!(whole.patch(5, &[1]).is_err());
    }
}
