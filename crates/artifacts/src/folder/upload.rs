//! Writing an object bit by bit.

use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::workspace::{Temporary, Workspace};
use crate::{ArtifactError, ObjectName, Upload};

/// Bytes gathered before they are written.
const WRITE_BYTES: usize = 1 << 20;

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

    fn flush(&mut self) -> Result<(), ArtifactError> {
        self.temporary.file.write_all(&self.buffer).map_err(ArtifactError::io("write an object"))?;
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
        self.temporary.file.write_all(bytes).map_err(ArtifactError::io("write an object"))?;
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
        self.temporary.sync()?;
        fail::fail_point!("artifacts.finish.before");
        let renamed = self.temporary.publish(&self.to, |from, to| fs::rename(from, to))?;
        renamed.map_err(ArtifactError::io("name an object"))?;
        fail::fail_point!("artifacts.finish.after");
        Ok(self.written)
    }
}
