//! Reads a file by blocks and gives nothing away that does not match its sum.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::{BLOCK_BYTES, BlockSource, BlockStore, BlockSums};
use crate::error::LakeError;
use crate::file::SUMS_SUFFIX;

/// How often bytes are read that do not match their sum: they may have been damaged on their way.
const READS: u32 = 3;
/// Blocks that are kept of a file of which each read costs a round trip: its columns are read side by side.
const FAR_BLOCKS: usize = 16;
/// Blocks at the end of such a file that are read at once when it is opened.
const FAR_END_BLOCKS: usize = 2;
/// Such a file is read whole if it has no more blocks than this.
const FAR_WHOLE_BLOCKS: usize = 4;

/// A file of which every block is checked before a byte of it is used. Clones share the file and its cache.
#[derive(Clone)]
pub struct Verified(Arc<Inner>);

struct Inner {
    path: String,
    source: Box<dyn BlockSource>,
    sums: BlockSums,
    /// Blocks used last, the newest at the back.
    cache: Mutex<VecDeque<(usize, Bytes)>>,
    cache_blocks: usize,
    fault: Mutex<Option<LakeError>>,
}

impl Verified {
    /// Opens a data file of the given length with its sums. The cache holds up to `cache_blocks` blocks, at least one, and
    /// [`FAR_BLOCKS`] where each read costs a round trip.
    pub fn open(store: &dyn BlockStore, path: &str, bytes: u64, cache_blocks: usize) -> Result<Self, LakeError> {
        let sums = read_sums(store, path, bytes)?;
        Ok(Self::new(path.to_owned(), store.open(path, bytes)?, sums, cache_blocks))
    }

    /// Takes an open file whose sums are known already.
    pub fn new(path: String, source: Box<dyn BlockSource>, sums: BlockSums, cache_blocks: usize) -> Self {
        let cache_blocks = cache_blocks.max(if source.is_far() { FAR_BLOCKS } else { 1 });
        Self(Arc::new(Inner { path, source, sums, cache: Mutex::default(), cache_blocks, fault: Mutex::default() }))
    }

    /// Whether it pays to say what will be read.
    pub fn is_far(&self) -> bool {
        self.0.source.is_far()
    }

    /// What it may hold in memory: its cache, and as much again that a far source reads ahead.
    pub fn held_bytes(&self) -> usize {
        let blocks = self.0.cache_blocks.min(self.0.sums.sums.len());
        blocks * BLOCK_BYTES * if self.is_far() { 2 } else { 1 }
    }

    /// Brings the end of a far file into the cache with one request: where Parquet has its footer. All of a small file.
    pub fn read_end(&self) -> Result<(), LakeError> {
        let all = self.0.sums.sums.len();
        let count = if all <= FAR_WHOLE_BLOCKS { all } else { FAR_END_BLOCKS };
        if self.is_far() && all > 0 { self.0.keep(all - count..all) } else { Ok(()) }
    }

    /// Tells a far source which stretches will be read, side by side, but for what is kept of them.
    pub fn will_read(&self, stretches: &[Range<u64>]) {
        let kept: Vec<usize> = self.0.cache().iter().map(|(index, _)| *index).collect();
        let missing = |stretch: &Range<u64>| {
            let block = BLOCK_BYTES as u64;
            let mut blocks = (stretch.start / block) as usize..stretch.end.div_ceil(block) as usize;
            while !blocks.is_empty() && kept.contains(&blocks.start) {
                blocks.start += 1;
            }
            while !blocks.is_empty() && kept.contains(&(blocks.end - 1)) {
                blocks.end -= 1;
            }
            self.0.range(blocks)
        };
        let stretches: Vec<_> = stretches.iter().map(missing).filter(|stretch| !stretch.is_empty()).collect();
        self.0.source.will_read(&stretches, self.0.cache_blocks * BLOCK_BYTES);
    }

    /// What went wrong at a read by way of [`ChunkReader`] or [`BlockReader`], whose own errors cannot carry it. Once.
    pub fn take_fault(&self) -> Option<LakeError> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads every block once, for a check of the whole file.
    pub fn check_all(&self) -> Result<(), LakeError> {
        if self.is_far() {
            self.will_read(std::slice::from_ref(&(0..self.0.sums.bytes)));
        }
        (0..self.0.sums.sums.len()).try_for_each(|index| self.0.block(index).map(drop))
    }

    /// Verified bytes from `start` to the end of the block it lies in; empty at the end of the file.
    fn rest_of_block(&self, start: u64) -> Result<Bytes, LakeError> {
        if start >= self.0.sums.bytes {
            return Ok(Bytes::new());
        }
        let block = self.0.block((start / BLOCK_BYTES as u64) as usize)?;
        Ok(block.slice((start % BLOCK_BYTES as u64) as usize..))
    }

    fn range(&self, start: u64, length: usize) -> Result<Bytes, LakeError> {
        let first = self.rest_of_block(start)?;
        if first.len() >= length {
            return Ok(first.slice(..length));
        }
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.sums.bytes) {
            return Err(corrupt(&self.0.path, "it points beyond its own end"));
        }
        let mut bytes = BytesMut::with_capacity(length);
        bytes.extend_from_slice(&first);
        while bytes.len() < length {
            let next = self.rest_of_block(start + bytes.len() as u64)?;
            bytes.extend_from_slice(&next[..next.len().min(length - bytes.len())]);
        }
        Ok(bytes.freeze())
    }

    fn keep_fault<E>(&self, error: LakeError, as_error: impl FnOnce(String) -> E) -> E {
        let text = error.to_string();
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        as_error(text)
    }
}

impl Inner {
    fn block(&self, index: usize) -> Result<Bytes, LakeError> {
        let mut cache = self.cache();
        if let Some(place) = cache.iter().position(|(cached, _)| *cached == index) {
            let entry = cache.remove(place).expect("it was found there");
            cache.push_back(entry.clone());
            return Ok(entry.1);
        }
        let block = self.read(index)?;
        while cache.len() >= self.cache_blocks {
            cache.pop_front();
        }
        cache.push_back((index, block.clone()));
        Ok(block)
    }

    fn read(&self, index: usize) -> Result<Bytes, LakeError> {
        let range = self.range(index..index + 1);
        for _ in 0..READS {
            let block = self.source.read(range.start, (range.end - range.start) as usize)?;
            if self.matches(index, &block) {
                return Ok(block);
            }
        }
        let what = format!("the block at byte {} does not match its sum", range.start);
        Err(corrupt(&self.path, &what))
    }

    /// Reads blocks at once and keeps those that match; the others are read again when they are asked for.
    fn keep(&self, blocks: Range<usize>) -> Result<(), LakeError> {
        let range = self.range(blocks.clone());
        let mut bytes = self.source.read(range.start, (range.end - range.start) as usize)?;
        let mut cache = self.cache();
        for index in blocks {
            let block = bytes.split_to(bytes.len().min(BLOCK_BYTES));
            if self.matches(index, &block) {
                cache.push_back((index, block));
            }
        }
        Ok(())
    }

    fn cache(&self) -> MutexGuard<'_, VecDeque<(usize, Bytes)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn matches(&self, index: usize, block: &[u8]) -> bool {
        blake3::hash(block).as_bytes() == &self.sums.sums[index]
    }

    /// The bytes of some blocks.
    fn range(&self, blocks: Range<usize>) -> Range<u64> {
        let start = |index: usize| (index as u64 * BLOCK_BYTES as u64).min(self.sums.bytes);
        start(blocks.start)..start(blocks.end)
    }
}

impl Length for Verified {
    fn len(&self) -> u64 {
        self.0.sums.bytes
    }
}

impl ChunkReader for Verified {
    type T = BlockReader;

    fn get_read(&self, start: u64) -> Result<BlockReader, ParquetError> {
        Ok(BlockReader::new(self.clone(), start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.range(start, length).map_err(|error| self.keep_fault(error, ParquetError::General))
    }
}

/// Reads verified bytes one after the other.
pub struct BlockReader {
    blocks: Verified,
    position: u64,
}

impl BlockReader {
    /// Starts at a byte of the file.
    pub fn new(blocks: Verified, position: u64) -> Self {
        Self { blocks, position }
    }
}

impl Read for BlockReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.blocks.rest_of_block(self.position);
        let rest = rest.map_err(|error| self.blocks.keep_fault(error, io::Error::other))?;
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

fn read_sums(store: &dyn BlockStore, path: &str, bytes: u64) -> Result<BlockSums, LakeError> {
    let length = BlockSums::encoded_bytes(bytes);
    let source = store.open(&format!("{path}{SUMS_SUFFIX}"), length)?;
    let mut sums = Err("its block sums were not read");
    for _ in 0..READS {
        sums = BlockSums::decode(&source.read(0, length as usize)?);
        if sums.is_ok() {
            break;
        }
    }
    let sums = sums.map_err(|what| corrupt(path, what))?;
    if sums.bytes == bytes { Ok(sums) } else { Err(LakeError::other_length(path)) }
}

fn corrupt(path: &str, what: &str) -> LakeError {
    LakeError::Corrupt { path: path.to_owned(), what: what.to_owned() }
}
