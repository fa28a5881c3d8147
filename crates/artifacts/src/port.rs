//! The port of the artifacts: objects that appear whole or not at all.

use std::ops::Range;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{ArtifactError, Assembled, ObjectName, Pieces, Prefix};

/// Objects of at least this are durable once they are finished, whatever they are: whoever is given one to read cannot
/// be made to wait for a check of all its bytes (bytes).
pub const SYNCED_BYTES: u64 = 1 << 20;

/// An upload of at most this can be patched anywhere, without an announcement (bytes).
pub const PATCHABLE_BYTES: u64 = 5 << 20;

/// What came of [`Artifacts::put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// It was there already, with the same bytes.
    Already,
}

/// How a browser is to keep what a link gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadAs<'a> {
    /// The file's name, of `[a-zA-Z0-9._-]`.
    pub file_name: &'a str,
    /// Its media type, e.g. `application/zip`.
    pub content_type: &'a str,
}

/// A storage of named objects. Whatever is there is complete, and outlives every process.
///
/// Objects that [must last](ObjectName::must_last) are durable when a call that stores them returns. The others may be
/// gone, shorter or damaged after a power cut, until the system has written them by itself: they can be made again.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Stores a small object under a name that is free.
    ///
    /// # Errors
    /// [`ArtifactError::Conflict`] where other bytes lie there; they are left.
    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, ArtifactError>;

    /// Reads the bytes of `range`; `None` where there is no such object.
    ///
    /// # Errors
    /// [`ArtifactError::Missing`] where the object is shorter.
    async fn read(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError>;

    /// Its size (bytes); `None` where there is no such object.
    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, ArtifactError>;

    /// Reads a whole object of at most `limit_bytes`.
    ///
    /// # Errors
    /// [`ArtifactError::OutOfRange`] where it is longer.
    async fn read_whole(&self, name: &ObjectName, limit_bytes: u64) -> Result<Option<Bytes>, ArtifactError> {
        match self.size(name).await? {
            None => Ok(None),
            Some(bytes) if bytes > limit_bytes => {
                Err(ArtifactError::OutOfRange { object: name.clone(), start: 0, end: bytes })
            }
            Some(bytes) => self.read(name, 0..bytes).await,
        }
    }

    /// Begins an object that is written bit by bit.
    async fn begin(&self, name: &ObjectName) -> Result<Box<dyn Upload>, ArtifactError>;

    /// Puts an object together, in place of one that lies there. Each range is compared with its checks while it is
    /// copied; nothing appears under the name unless all agree.
    ///
    /// # Errors
    /// [`ArtifactError::Missing`] and [`ArtifactError::Corrupt`] name the object that a piece could not be taken from.
    async fn assemble(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError>;

    /// Lets `name` be what lies under `from`, without copying it, in place of an object that lies there. Its bytes are
    /// read and compared first; `false`, and nothing changed, where they are others or gone, or the storage has no
    /// second names.
    async fn share(&self, from: &ObjectName, name: &ObjectName, expected: Assembled) -> Result<bool, ArtifactError> {
        let _ = (from, name, expected);
        Ok(false)
    }

    /// Removes an object; `false` where there was none.
    async fn delete(&self, name: &ObjectName) -> Result<bool, ArtifactError>;

    /// At most `limit` objects below `prefix`, after `after` in the storage's own fixed order.
    async fn list(
        &self,
        prefix: &Prefix,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ArtifactError>;

    /// Removes what processes left that ended in the middle of something; returns how many files.
    async fn sweep(&self) -> Result<u64, ArtifactError>;

    /// Hands a finished object out: a copy at `destination`, whole or not at all, in place of a file that lies there.
    /// The copy is compared with `crc64nvme` where it is given.
    ///
    /// # Errors
    /// [`ArtifactError::Missing`] where there is no such object.
    async fn copy_to(
        &self,
        name: &ObjectName,
        destination: &Path,
        crc64nvme: Option<u64>,
    ) -> Result<u64, ArtifactError>;

    /// A link that reads an object for `seconds` from now, for whoever has it; ranges work. `None` where the storage has no
    /// such links. Nothing is asked of the storage: whether the object is there shows when the link is followed.
    async fn presign(
        &self,
        name: &ObjectName,
        download: &DownloadAs<'_>,
        seconds: u64,
    ) -> Result<Option<String>, ArtifactError> {
        let _ = (name, download, seconds);
        Ok(None)
    }

    /// Whether objects can be written.
    async fn ping(&self) -> Result<(), ArtifactError>;
}

/// An object in the making. It is there only through [`Upload::finish`]; dropping it removes what was written.
///
/// The calls block, since the encoder that makes them is a chain of plain writers on a thread of its own: an adapter
/// over a network hands the blocks to a task through a bounded channel and has the same face. Dropping costs one
/// `unlink`, or a message to that task, so it needs no async of its own either.
pub trait Upload: Send {
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError>;

    /// Says which of the bytes to come will be patched, once: a storage that cannot go back holds them back. What was
    /// announced before is final.
    fn will_patch(&mut self, range: Range<u64>) -> Result<(), ArtifactError> {
        let _ = range;
        Ok(())
    }

    /// Overwrites bytes that were appended, e.g. the header of the entry still open once its sizes are known.
    ///
    /// # Errors
    /// [`ArtifactError::OutOfRange`] for bytes that were not appended. A storage that cannot go back gives it, too, for bytes
    /// that were not [announced](Upload::will_patch) and come when more than [`PATCHABLE_BYTES`] were appended.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError>;

    /// Makes it visible, in place of an object that lies there; returns its size (bytes). What must last
    /// ([`ObjectName::must_last`]), and everything of [`SYNCED_BYTES`] and more, is durable then.
    fn finish(self: Box<Self>) -> Result<u64, ArtifactError>;
}
