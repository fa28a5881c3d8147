//! Where blocks come from: ranged reads of a storage, here of the local disk.

use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;

use crate::error::LakeError;

/// A storage whose files can be read by range. Calls block, and none may be made from within a task.
pub trait BlockStore: fmt::Debug + Send + Sync {
    /// Opens a file that should be `bytes` long.
    ///
    /// # Errors
    /// [`LakeError::Corrupt`] if it is missing or has another length, here or at its first read: only files that the table
    /// names are asked for.
    fn open(&self, path: &str, bytes: u64) -> Result<Box<dyn BlockSource>, LakeError>;
}

/// One open file. Calls block.
pub trait BlockSource: Send + Sync {
    /// Exactly `length` bytes from `offset`; a file that ends before is [`LakeError::Corrupt`]. The same bytes asked for
    /// again come from the storage again.
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, LakeError>;

    /// Whether each read costs a round trip, so that it pays to read more at once and to keep it.
    fn is_far(&self) -> bool {
        false
    }

    /// Says which stretches of the file will be read, each from its start to its end and all side by side, so that a far
    /// source can ask for them before. Takes the place of what was said before. About `limit_bytes` may wait to be read.
    fn will_read(&self, _stretches: &[Range<u64>], _limit_bytes: usize) {}
}

/// Files of the local disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalBlocks;

struct LocalFile {
    file: File,
    path: String,
}

impl BlockStore for LocalBlocks {
    fn open(&self, path: &str, bytes: u64) -> Result<Box<dyn BlockSource>, LakeError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(LakeError::missing(path)),
            Err(error) => return Err(LakeError::io("open", Path::new(path))(error)),
        };
        let metadata = file.metadata().map_err(LakeError::io("read", Path::new(path)))?;
        if metadata.len() != bytes {
            return Err(LakeError::other_length(path));
        }
        Ok(Box::new(LocalFile { file, path: path.to_owned() }))
    }
}

impl BlockSource for LocalFile {
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, LakeError> {
        let mut block = vec![0; length];
        match self.file.read_exact_at(&mut block, offset) {
            Ok(()) => Ok(block.into()),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(LakeError::Corrupt { path: self.path.clone(), what: "it is shorter than it was".to_owned() })
            }
            Err(error) => Err(LakeError::io("read", Path::new(&self.path))(error)),
        }
    }
}
