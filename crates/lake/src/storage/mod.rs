//! The port of the table's storage: files that are put once under a free name, read by range, listed and removed.

mod ahead;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod file_io;
mod local;
#[cfg(any(test, feature = "contract"))]
pub mod memory;
mod objects;
mod place;
mod remote;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use domain::time::Micros;

use crate::error::LakeError;
use crate::parquet::BlockStore;
pub(crate) use file_io::file_io;
pub use local::LocalDisk;
pub use objects::{ObjectError, Objects, Piece, Stored};
pub use remote::Remote;

/// Where the files of one table lie. Calls block, from any number of threads at once; none may be made from within a task.
///
/// A path here is an absolute path of the local disk, or a location with its scheme such as `s3://bucket/lake/messages/a`.
/// Names hold random ids, so whoever puts a file knows that its name is free, and nobody ever puts another one there.
pub trait Storage: BlockStore {
    /// The path below which everything of the table lies, and nothing else; without a slash at its end.
    fn table(&self) -> &str;

    /// Puts finished, synced files of this machine into their places. All are durable when this returns; they may be gone
    /// from where they were. After a failure any of them may be in its place. May be repeated for those that still lie here.
    fn put_files(&self, files: &[Put]) -> Result<(), LakeError>;

    /// Puts a small file into its place, complete and durable or not at all. `scratch` is a folder of this machine that is
    /// private to the caller, for a file in the making. May be repeated with the same bytes.
    fn put(&self, path: &str, bytes: Bytes, scratch: &Path) -> Result<(), LakeError>;

    /// All of a small file.
    fn read(&self, path: &str) -> Result<Bytes, LakeError>;

    /// Length of a file in bytes; none if it is not there.
    fn size(&self, path: &str) -> Result<Option<u64>, LakeError>;

    /// Removes a file, and nothing else that counts; one that is not there is fine.
    fn remove(&self, path: &str) -> Result<(), LakeError>;

    /// Every file below a path of [`Self::table`], or itself, by path.
    fn list(&self, below: &str) -> Result<Vec<Listed>, LakeError>;
}

/// A synced file of this machine, and where it goes.
#[derive(Clone, Debug)]
pub struct Put {
    /// The file.
    pub from: PathBuf,
    /// Its place in the table.
    pub to: String,
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// When it was put, by the clock of the storage.
    pub written_at: Micros,
}

const LOCAL_SCHEME: &str = "file://";

/// The location that metadata holds for a path.
pub(crate) fn location(path: &str) -> String {
    if path.starts_with('/') { format!("{LOCAL_SCHEME}{path}") } else { path.to_owned() }
}

/// The path of a location; for local files other engines also write `file:/path` and bare paths.
pub(crate) fn path_of(location: &str) -> &str {
    location.strip_prefix(LOCAL_SCHEME).or_else(|| location.strip_prefix("file:")).unwrap_or(location)
}
