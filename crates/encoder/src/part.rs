//! A part: the finished file of one slice, and what is known of each entry in it.

mod check;
mod encoder;
mod hashing;
mod output;
mod summary;
#[cfg(test)]
mod tests;
mod whole;

pub use check::{StoredCheck, StoredMismatch};
pub use encoder::{PartEncoder, PartError, PartOptions, header_piece};
pub use output::Output;
pub use summary::{EntrySummary, PartSummary};

/// How the rows of a part are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// A complete ZIP of one or more entries, each with its header line.
    Zip,
    /// CSV rows without a header line; a piece of a `csv`.
    Raw,
    /// One gzip member of CSV rows without a header line; a piece of a `csv.gz`.
    Gzip,
}
