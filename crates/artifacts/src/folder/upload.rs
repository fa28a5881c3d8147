//! Writing an object bit by bit.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Lasts;
use super::share::Sharing;
use super::workspace::{Temporary, Workspace};
use crate::{ArtifactError, ObjectName, SYNCED_BYTES, Upload};

/// Bytes gathered before they are written: few enough that the kernel copies them out of the cache of a core.
const WRITE_BYTES: usize = 256 << 10;

/// An object in the making, as a file in the folder of this process.
pub(super) struct FolderUpload {
    temporary: Temporary,
    name: ObjectName,
    to: PathBuf,
    buffer: Vec<u8>,
    written: u64,
}

impl FolderUpload {
    pub(super) fn begin(workspace: &Arc<Workspace>, name: &ObjectName, to: PathBuf) -> Result<Self, ArtifactError> {
        let temporary = workspace.create()?;
        Ok(Self { temporary, name: name.clone(), to, buffer: Vec::with_capacity(WRITE_BYTES), written: 0 })
    }

    /// The file that is written.
    pub(super) fn file(&self) -> &File {
        &self.temporary.file
    }

    /// Adds bytes of another file without writing them, as many as can be shared, which may be none.
    pub(super) fn share(
        &mut self,
        sharing: Sharing,
        from: &File,
        offset: u64,
        bytes: usize,
    ) -> Result<usize, ArtifactError> {
        if sharing == Sharing::Nothing {
            return Ok(0);
        }
        self.flush()?;
        let shared = sharing.share(from, offset, &self.temporary.file, self.written, bytes);
        self.written += shared as u64;
        Ok(shared)
    }

    fn flush(&mut self) -> Result<(), ArtifactError> {
        let written = self.temporary.file.write_all_at(&self.buffer, self.written);
        written.map_err(ArtifactError::io("write an object"))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Upload for FolderUpload {
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        if self.buffer.len() + bytes.len() > WRITE_BYTES {
            self.flush()?;
        }
        if bytes.len() < WRITE_BYTES {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.temporary.file.write_all_at(bytes, self.written).map_err(ArtifactError::io("write an object"))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError> {
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.written + self.buffer.len() as u64 {
            return Err(ArtifactError::OutOfRange { object: self.name.clone(), start: offset, end });
        }
        if let Some(start) = offset.checked_sub(self.written) {
            let start = start as usize;
            self.buffer[start..start + bytes.len()].copy_from_slice(bytes);
            return Ok(());
        }
        if end > self.written {
            self.flush()?;
        }
        self.temporary.file.write_all_at(bytes, offset).map_err(ArtifactError::io("patch an object"))
    }

    fn finish(mut self: Box<Self>) -> Result<u64, ArtifactError> {
        self.flush()?;
        let lasts = if self.name.must_last() || self.written >= SYNCED_BYTES { Lasts::Always } else { Lasts::Perhaps };
        fail::fail_point!("artifacts.finish.before");
        let renamed = self.temporary.publish(&self.to, lasts, |from, to| fs::rename(from, to))?;
        renamed.map_err(ArtifactError::io("name an object"))?;
        fail::fail_point!("artifacts.finish.after");
        Ok(self.written)
    }
}
