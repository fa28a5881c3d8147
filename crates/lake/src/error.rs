//! What can go wrong in the lake, and whether trying again may help.

use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;
use domain::ids::Slug;
use domain::time::Day;
use parquet::errors::ParquetError;
use thiserror::Error;

/// Why the lake did not do what was asked. Nothing is committed when an operation ends with one of these.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LakeError {
    /// A file or folder could not be used.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The verb, such as `read` or `rename`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// An object store did not do what was asked.
    #[error("cannot {doing} {path} in the object store")]
    Storage {
        /// The verb, such as `read` or `put`.
        doing: &'static str,
        /// The object.
        path: String,
        /// What its client said.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether the store was only busy or away.
        retryable: bool,
    },
    /// The catalog's database failed.
    #[error("the catalog is not available")]
    Catalog {
        /// What the database said.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether it was only busy or away.
        retryable: bool,
    },
    /// The catalog was written by a newer program.
    #[error("the catalog has version {found}, this program knows {known}")]
    CatalogVersion {
        /// The version in the catalog.
        found: i64,
        /// The newest one this program knows.
        known: i64,
    },
    /// Reading or writing Iceberg metadata failed.
    #[error("the Iceberg metadata cannot be used")]
    Iceberg(#[from] iceberg::Error),
    /// The metadata is well-formed but not what this program can work with.
    #[error("the lake's metadata is not usable: {0}")]
    Unusable(String),
    /// The data folder lies elsewhere than when it was made; Iceberg metadata holds absolute paths.
    #[error(
        "the data folder was made at {was} and is now at {is}: Iceberg metadata holds absolute paths, move it back"
    )]
    Moved {
        /// Where the metadata says the table is.
        was: String,
        /// Where it was opened.
        is: String,
    },
    /// A path that Iceberg metadata cannot hold.
    #[error("the path {} is not valid UTF-8", .0.display())]
    PathText(PathBuf),
    /// Other writers won the pointer each time.
    #[error("the commit lost against other writers {attempts} times")]
    Contention {
        /// How often it was tried.
        attempts: u32,
    },
    /// A rewrite or deletion started from files that are no longer in the table.
    #[error("{missing} of the files to replace are no longer in the table: plan again")]
    Conflict {
        /// How many of them are gone.
        missing: usize,
    },
    /// A rewrite would have changed the number of rows of an organisation-day.
    #[error("a rewrite of {organisation} {day} has {added} rows instead of {removed}")]
    RowsChanged {
        /// Whose rows.
        organisation: String,
        /// Of which UTC day.
        day: Day,
        /// Rows in the replaced files.
        removed: u64,
        /// Rows in the new files.
        added: u64,
    },
    /// A snapshot that is not, or no longer, in the table.
    #[error("snapshot {0} is not in the table, it may have expired")]
    SnapshotGone(i64),
    /// Delete files of another engine cover rows that were asked for.
    #[error("deletes left by another engine in {organisation}: {path}; run the lake's maintenance first")]
    ForeignDeletes {
        /// Whose rows they may cover.
        organisation: Slug,
        /// The delete file.
        path: String,
    },
    /// A data file that this program cannot read.
    #[error("data file {path} {reason}")]
    ForeignFile {
        /// The file.
        path: String,
        /// What is wrong with it, as the end of a sentence.
        reason: &'static str,
    },
    /// A data file, its sums or a spilled run is not what it was when it was written, or not what the table says it is.
    #[error("{path} is damaged: {what}")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong with it, without any of its content.
        what: String,
    },
    /// The Parquet reader or writer failed on verified bytes.
    #[error("cannot {doing} the Parquet file {path}")]
    Parquet {
        /// The verb, such as `read` or `write`.
        doing: &'static str,
        /// The file.
        path: String,
        /// What the Parquet library said.
        source: ParquetError,
    },
    /// Rows could not be handled in memory or spilled.
    #[error("cannot {doing} rows")]
    Rows {
        /// The verb, such as `sort` or `spill`.
        doing: &'static str,
        /// What the Arrow library said.
        source: ArrowError,
    },
    /// What was given to ingest cannot be read at all.
    #[error("the input cannot be read")]
    Input(#[from] crate::ingest::InputError),
    /// The rows read of a UTC day do not add up to those of its files.
    #[error("of the {expected} rows of {day} (UTC) {counted} are accounted for")]
    Unreconciled {
        /// The UTC day.
        day: Day,
        /// Rows in its files, by the table.
        expected: u64,
        /// Rows counted while reading.
        counted: u64,
    },
    /// Counters were asked for before every row was read.
    #[error("the rows were not read to their end")]
    Unfinished,
    /// A thread of this crate died.
    #[error("a worker thread of the lake panicked")]
    Panicked,
}

impl LakeError {
    /// Whether the same call may succeed later without anybody's help.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Catalog { retryable, .. } | Self::Storage { retryable, .. } => *retryable,
            Self::Iceberg(error) => error.retryable(),
            Self::Contention { .. } => true,
            Self::Io { source, .. } => passes(source),
            _ => false,
        }
    }

    /// A failure of the Arrow library; an I/O error inside it comes out as one.
    pub(crate) fn rows(doing: &'static str, path: &Path) -> impl FnOnce(ArrowError) -> Self {
        move |source| match source {
            ArrowError::IoError(_, source) => Self::Io { doing, path: path.to_owned(), source },
            source => Self::Rows { doing, source },
        }
    }

    /// A failure of the Parquet library; an I/O error inside it comes out as one.
    pub(crate) fn parquet(doing: &'static str, path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let failed = move |source| Self::Parquet { doing, path: path.display().to_string(), source };
        move |source| match source {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => Self::Io { doing, path: path.to_owned(), source: *source },
                Err(inner) => failed(ParquetError::External(inner)),
            },
            source => failed(source),
        }
    }

    /// A file that the table names and that is not there.
    pub(crate) fn missing(path: &str) -> Self {
        Self::Corrupt { path: path.to_owned(), what: "it is missing".to_owned() }
    }

    /// A file that the table names and that is longer or shorter than it says.
    pub(crate) fn other_length(path: &str) -> Self {
        Self::Corrupt { path: path.to_owned(), what: "its length is not the one in the table".to_owned() }
    }

    /// For `map_err`: an I/O error with the verb and the path it happened at.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

/// Whether an I/O error comes of something that others may let go of: space, memory, descriptors, time.
fn passes(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, OutOfMemory, QuotaExceeded, ResourceBusy, StorageFull, TimedOut, WouldBlock};
    /// `ENFILE` and `EMFILE`, which have no kind of their own.
    const NO_DESCRIPTOR: [Option<i32>; 2] = [Some(23), Some(24)];
    let kinds = [Interrupted, OutOfMemory, QuotaExceeded, ResourceBusy, StorageFull, TimedOut, WouldBlock];
    kinds.contains(&error.kind()) || NO_DESCRIPTOR.contains(&error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_let_go_of_is_worth_another_try() {
        let failed = |code: i32| LakeError::io("write", Path::new("a"))(io::Error::from_raw_os_error(code));
        // ENOSPC, EMFILE, ENFILE; EIO, ENOENT, EACCES.
        for (code, retryable) in [(28, true), (24, true), (23, true), (5, false), (2, false), (13, false)] {
            assert_eq!(failed(code).retryable(), retryable, "{code}");
        }
        let full = || io::Error::from_raw_os_error(28);
        assert!(LakeError::parquet("write", Path::new("a"))(ParquetError::from(full())).retryable());
        assert!(LakeError::rows("spill", Path::new("a"))(ArrowError::from(full())).retryable());
        assert!(!LakeError::parquet("write", Path::new("a"))(ParquetError::General("x".to_owned())).retryable());
    }
}
