//! The BLAKE3 sums of a file's blocks, and the file they lie in beside it.
//!
//! The format, version 1: `OUTSUMS1`, the block size as u32 and the file's length as u64 (both little endian), 32 bytes of
//! BLAKE3 for each block (the last one may be short, an empty file has none), and BLAKE3 of all that stands before.

use std::io::{self, Write};

/// Size of a block.
pub const BLOCK_BYTES: usize = 256 * 1024;

const MAGIC: &[u8; 8] = b"OUTSUMS1";
const HEAD_BYTES: usize = MAGIC.len() + 4 + 8;
const SUM_BYTES: usize = 32;

/// The sums of all blocks of one file, and its length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockSums {
    /// Length of the file.
    pub bytes: u64,
    /// BLAKE3 of each block of [`BLOCK_BYTES`].
    pub sums: Vec<[u8; SUM_BYTES]>,
}

impl BlockSums {
    /// How long the encoded sums of a file of `bytes` are.
    pub fn encoded_bytes(bytes: u64) -> u64 {
        (HEAD_BYTES + SUM_BYTES) as u64 + bytes.div_ceil(BLOCK_BYTES as u64) * SUM_BYTES as u64
    }

    /// The content of the sums file.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + SUM_BYTES * (self.sums.len() + 1));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(BLOCK_BYTES as u32).to_le_bytes());
        bytes.extend_from_slice(&self.bytes.to_le_bytes());
        bytes.extend(self.sums.as_flattened());
        let guard = blake3::hash(&bytes);
        bytes.extend_from_slice(guard.as_bytes());
        bytes
    }

    /// Reads the content of a sums file. Says what is wrong with it as the end of a sentence.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let (body, guard) = bytes.split_last_chunk::<SUM_BYTES>().ok_or("its block sums are cut short")?;
        if blake3::hash(body).as_bytes() != guard {
            return Err("its block sums are damaged");
        }
        let (head, sums) = body.split_at_checked(HEAD_BYTES).ok_or("its block sums are cut short")?;
        if &head[..8] != MAGIC || head[8..12] != (BLOCK_BYTES as u32).to_le_bytes() {
            return Err("its block sums have an unknown form");
        }
        let length = head[12..].try_into().map(u64::from_le_bytes).map_err(|_| "its block sums are cut short")?;
        let (sums, rest) = sums.as_chunks::<SUM_BYTES>();
        if !rest.is_empty() || sums.len() as u64 != length.div_ceil(BLOCK_BYTES as u64) {
            return Err("its block sums do not fit its length");
        }
        Ok(Self { bytes: length, sums: sums.to_vec() })
    }
}

/// Passes bytes on and sums up their blocks.
#[derive(Debug)]
pub struct SumWriter<W> {
    inner: W,
    hasher: blake3::Hasher,
    sums: BlockSums,
}

impl<W: Write> SumWriter<W> {
    /// Starts at the first byte of a file.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: blake3::Hasher::new(), sums: BlockSums::default() }
    }

    /// The inner writer and the sums of all that went through.
    pub fn finish(mut self) -> (W, BlockSums) {
        if !self.sums.bytes.is_multiple_of(BLOCK_BYTES as u64) {
            self.end_block();
        }
        (self.inner, self.sums)
    }

    fn end_block(&mut self) {
        self.sums.sums.push(*self.hasher.finalize().as_bytes());
        self.hasher.reset();
    }
}

impl<W: Write> Write for SumWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let mut rest = &bytes[..written];
        while !rest.is_empty() {
            let room = BLOCK_BYTES - (self.sums.bytes % BLOCK_BYTES as u64) as usize;
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.hasher.update(now);
            self.sums.bytes += now.len() as u64;
            if now.len() == room {
                self.end_block();
            }
            rest = later;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_blocks_however_the_bytes_come() {
        for length in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 31 % 251) as u8).collect();
            for step in [1000, BLOCK_BYTES, 5 * BLOCK_BYTES] {
                let mut writer = SumWriter::new(Vec::new());
                bytes.chunks(step).for_each(|part| writer.write_all(part).unwrap());
                let (written, sums) = writer.finish();
                let expected: Vec<_> = bytes.chunks(BLOCK_BYTES).map(|block| *blake3::hash(block).as_bytes()).collect();
                assert_eq!((written, sums.bytes, &sums.sums), (bytes.clone(), length as u64, &expected));
                assert_eq!(sums.encode().len() as u64, BlockSums::encoded_bytes(length as u64));
                assert_eq!(BlockSums::decode(&sums.encode()), Ok(sums));
            }
        }
    }

    #[test]
    fn every_flip_and_every_cut_is_found() {
        let sums = BlockSums { bytes: BLOCK_BYTES as u64 + 5, sums: vec![[7; 32], [9; 32]] };
        let good = sums.encode();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(BlockSums::decode(&bad).is_err(), "bit {bit}");
        }
        for length in 0..good.len() {
            assert!(BlockSums::decode(&good[..length]).is_err(), "cut to {length}");
        }
    }
}
