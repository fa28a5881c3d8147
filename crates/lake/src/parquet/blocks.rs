//! Where blocks come from: ranged reads of a storage, here of the local disk.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;

use crate::error::LakeError;

/// A storage whose files can be read by range. Calls block.
pub trait BlockStore: Send + Sync {
    /// Opens a file for reading. A missing one is [`LakeError::Corrupt`]: only files that the table names are asked for.
    fn open(&self, path: &str) -> Result<Box<dyn BlockSource>, LakeError>;
}

/// One open file. Calls block.
pub trait BlockSource: Send + Sync {
    /// Its length now.
    fn bytes(&self) -> Result<u64, LakeError>;
    /// Exactly `length` bytes from `offset`; a file that ends before is [`LakeError::Corrupt`].
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, LakeError>;
}

/// Files of the local disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalBlocks;

struct LocalFile {
    file: File,
    path: String,
}

impl BlockStore for LocalBlocks {
    fn open(&self, path: &str) -> Result<Box<dyn BlockSource>, LakeError> {
        match File::open(path) {
            Ok(file) => Ok(Box::new(LocalFile { file, path: path.to_owned() })),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(LakeError::Corrupt { path: path.to_owned(), what: "it is missing".to_owned() })
            }
            Err(error) => Err(LakeError::io("open", Path::new(path))(error)),
        }
    }
}

impl BlockSource for LocalFile {
    fn bytes(&self) -> Result<u64, LakeError> {
        let metadata = self.file.metadata().map_err(LakeError::io("read", Path::new(&self.path)))?;
        Ok(metadata.len())
    }

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
