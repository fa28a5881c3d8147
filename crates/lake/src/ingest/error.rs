//! Why an input as a whole cannot be read; single refused lines are no errors.

use std::io;

use thiserror::Error;

/// What is wrong with an input of messages.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// Reading failed.
    #[error("reading it failed")]
    Read(#[source] io::Error),
    /// A name that says no known format.
    #[error("'.{0}' is not a known format: use .ndjson, .gz, .zst or .parquet")]
    Extension(String),
    /// The compressed stream is damaged.
    #[error("it is not valid {format} at compressed byte {position}")]
    Compression {
        /// `gzip` or `zstd`.
        format: &'static str,
        /// How far the compressed bytes were read.
        position: u64,
        /// What the decoder said.
        source: io::Error,
    },
    /// The compressed stream stops in the middle.
    #[error("the {format} data ends in the middle, after {position} bytes")]
    Truncated {
        /// `gzip` or `zstd`.
        format: &'static str,
        /// How many compressed bytes there are.
        position: u64,
    },
    /// Something that is no gzip member stands behind one (RFC 1952 section 2.2).
    #[error("something that is not gzip stands behind the gzip data, at compressed byte {position} at the latest")]
    Trailing {
        /// How far the compressed bytes were read.
        position: u64,
    },
    /// More bytes than a limit of the input lets in.
    #[error("it has more than {limit_bytes} bytes {what}")]
    TooLarge {
        /// `compressed` (as it comes) or `decompressed`.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// Not a Parquet file, or one that cannot be decoded.
    #[error("it is not a readable Parquet file")]
    Parquet(#[source] parquet::errors::ParquetError),
    /// A column that is no field of a message, is missing, or has a type that cannot be taken.
    #[error("column {column}: {reason}")]
    Column {
        /// The name of the column.
        column: String,
        /// What is wrong, as a sentence without its subject.
        reason: &'static str,
    },
}
