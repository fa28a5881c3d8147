//! Putting an object together on a disk: blocks are shared where the file system can, else written while they are hot.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::FolderArtifacts;
use super::share::Sharing;
use super::upload::FolderUpload;
use crate::assembly::Assembly;
use crate::{ArtifactError, ObjectName, Upload};

/// An object in the making, and the folder that its pieces come from.
pub(super) struct FolderAssembly<'a> {
    from: &'a FolderArtifacts,
    upload: FolderUpload,
    sharing: Sharing,
}

impl<'a> FolderAssembly<'a> {
    pub(super) fn new(from: &'a FolderArtifacts, upload: FolderUpload) -> Self {
        let sharing = Sharing::of(upload.file());
        Self { from, upload, sharing }
    }

    /// As on a file system that can, or cannot, share blocks.
    #[cfg(test)]
    pub(super) fn with_sharing(self, sharing: Sharing) -> Self {
        Self { sharing, ..self }
    }

    /// Makes it visible.
    pub(super) fn finish(self) -> Result<u64, ArtifactError> {
        Box::new(self.upload).finish()
    }
}

impl Assembly for FolderAssembly<'_> {
    type Source = File;

    fn open(&self, name: &ObjectName) -> Result<Option<File>, ArtifactError> {
        self.from.file(name)
    }

    fn read(&self, source: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        source.read_exact_at(buffer, offset)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.upload.append(bytes)
    }

    fn append_copy(&mut self, source: &File, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError> {
        let shared = self.upload.share(self.sharing, source, offset, bytes.len())?;
        self.upload.append(&bytes[shared..])
    }
}
