//! Messages into the lake: read, validate, sort, write one partition at a time.

mod attributes;
mod error;
mod line;
mod lines;
mod parquet_rows;
mod partitions;
mod publish;
mod sort;
mod source;
mod stage;
mod strings;
#[cfg(test)]
mod tests;
mod utf8;
mod validate;

pub use error::InputError;
pub use publish::Ingested;
pub use sort::SortLimits;
pub use source::{Compression, Input};
pub use stage::{IngestOptions, Staged, stage};
use stage::{Taken, take};

pub use validate::{InputLimits, Refused};
