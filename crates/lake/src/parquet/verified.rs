//! Reads a file by blocks and gives nothing away that does not match its sum.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::{BLOCK_BYTES, BlockSource, BlockStore, BlockSums};
use crate::error::LakeError;
use crate::file::SUMS_SUFFIX;

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
    /// Opens a data file of the given length with its sums. The cache holds up to `cache_blocks` blocks, at least one.
    pub fn open(store: &dyn BlockStore, path: &str, bytes: u64, cache_blocks: usize) -> Result<Self, LakeError> {
        let sums_path = format!("{path}{SUMS_SUFFIX}");
        let sums = store.open(&sums_path)?;
        if sums.bytes()? != BlockSums::encoded_bytes(bytes) {
            return Err(corrupt(path, "its block sums do not fit its length"));
        }
        let encoded = sums.read(0, BlockSums::encoded_bytes(bytes) as usize)?;
        let sums = BlockSums::decode(&encoded).map_err(|what| corrupt(path, what))?;
        if sums.bytes != bytes {
            return Err(corrupt(path, "its length is not the one in the table"));
        }
        Self::new(path.to_owned(), store.open(path)?, sums, cache_blocks)
    }

    /// Takes an open file whose sums are known already.
    pub fn new(
        path: String,
        source: Box<dyn BlockSource>,
        sums: BlockSums,
        cache_blocks: usize,
    ) -> Result<Self, LakeError> {
        if source.bytes()? != sums.bytes {
            return Err(corrupt(&path, "its length is not what it was"));
        }
        let (cache, fault) = (Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { path, source, sums, cache, cache_blocks: cache_blocks.max(1), fault })))
    }

    /// What went wrong at a read by way of [`ChunkReader`] or [`BlockReader`], whose own errors cannot carry it. Once.
    pub fn take_fault(&self) -> Option<LakeError> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads every block once, for a check of the whole file.
    pub fn check_all(&self) -> Result<(), LakeError> {
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
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
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
        let start = index as u64 * BLOCK_BYTES as u64;
        let length = (self.sums.bytes - start).min(BLOCK_BYTES as u64) as usize;
        let block = self.source.read(start, length)?;
        if blake3::hash(&block).as_bytes() != &self.sums.sums[index] {
            return Err(corrupt(&self.path, &format!("the block at byte {start} does not match its sum")));
        }
        Ok(block)
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

fn corrupt(path: &str, what: &str) -> LakeError {
    LakeError::Corrupt { path: path.to_owned(), what: what.to_owned() }
}
