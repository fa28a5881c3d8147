//! Data files on the storage: written with block sums, read only after a check against them.

mod blocks;
mod properties;
mod sums;
mod verified;
mod write;

pub use blocks::{BlockSource, BlockStore, LocalBlocks};
#[cfg(test)]
pub(crate) use properties::writer_properties;
pub use sums::{BLOCK_BYTES, BlockSums, SumWriter};
pub use verified::{BlockReader, Verified};
pub use write::{PartitionWriter, Unsynced, WriteLimits};
