//! The data files of the lake, as planning, commits and readers speak of them.

use std::collections::BTreeMap;

use domain::ids::Slug;
use domain::time::{Day, Micros};

/// What is added to a data file's path to name the file of its block sums.
pub const SUMS_SUFFIX: &str = ".sums";

/// One Parquet file of the lake: rows of one organisation and one UTC day that one ingest wrote, sorted in the total order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Absolute path on the storage, without a scheme. Its block sums lie at the same path with [`SUMS_SUFFIX`].
    pub path: String,
    /// Whose messages.
    pub organisation: Slug,
    /// The UTC day in which every `sent_at` lies.
    pub day: Day,
    /// Number of rows, at least 1.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// `sent_at` of the first row, the least of the file.
    pub first_sent_at: Micros,
    /// `sent_at` of the last row, the greatest of the file.
    pub last_sent_at: Micros,
}

/// A data file as its writer leaves it: complete and synced, together with what only a commit needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// The file. Its path is where it was written; whoever publishes it moves it, with its sums, and says so here.
    pub file: DataFile,
    /// What an Iceberg manifest says of it beyond that.
    pub metrics: FileMetrics,
}

/// Metrics of a data file by Iceberg field id (Iceberg table spec, `data_file` struct).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileMetrics {
    /// Stored bytes of each column.
    pub column_sizes: BTreeMap<i32, u64>,
    /// Values of each column, nulls included.
    pub value_counts: BTreeMap<i32, u64>,
    /// Nulls of each column.
    pub null_value_counts: BTreeMap<i32, u64>,
    /// A lower bound of `message_id`: its first 16 characters.
    pub message_id_lower: String,
    /// An upper bound of `message_id`: 16 characters, the last one raised if anything was cut; none where that cannot be.
    pub message_id_upper: Option<String>,
    /// Where each row group begins.
    pub split_offsets: Vec<i64>,
}
