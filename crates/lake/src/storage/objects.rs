//! What an object store can do: the small face that an adapter gives [`Remote`](super::Remote).

use std::fmt;
use std::ops::Range;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

use super::Listed;

/// The objects of one store by their paths, such as `s3://bucket/lake/messages/a`. Calls that may help if they are made
/// again were made again, a bounded number of times, when one fails.
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync + 'static {
    /// Puts an object under a name that nothing has, complete and durable or not at all.
    async fn put(&self, path: &str, bytes: Bytes) -> Result<Stored, ObjectError>;

    /// The same with a file of this machine, of any size.
    async fn put_file(&self, path: &str, from: &Path) -> Result<Stored, ObjectError>;

    /// Some bytes of an object, or all of it; `None` if it is not there. Of a range that begins in the object and ends
    /// behind it come the bytes up to its end, of one that begins behind it none.
    async fn get(&self, path: &str, range: Option<Range<u64>>) -> Result<Option<Piece>, ObjectError>;

    /// Length of an object in bytes; `None` if it is not there.
    async fn size(&self, path: &str) -> Result<Option<u64>, ObjectError>;

    /// Removes an object; one that is not there is fine.
    async fn remove(&self, path: &str) -> Result<(), ObjectError>;

    /// Every object whose path begins with `prefix`, in any order.
    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, ObjectError>;
}

/// What came of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is there now.
    Now,
    /// Something was there under this name, perhaps put by an earlier call whose answer was lost, and nothing changed.
    Before,
}

/// Bytes of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes.
    pub bytes: Bytes,
    /// Length of the whole object.
    pub of: u64,
}

/// Why an object store did not do what was asked.
#[derive(Debug, Error)]
#[error("{source}")]
pub struct ObjectError {
    /// What the client said, without any secret.
    pub source: Box<dyn std::error::Error + Send + Sync>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}
