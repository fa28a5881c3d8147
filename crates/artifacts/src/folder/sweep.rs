//! Removing what dead processes left.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::disk;
use super::workspace::{LOCK_NAME, NOTE_PREFIX, OUTSIDE_PREFIX};
use crate::ArtifactError;

/// Removes the folders of processes that hold their lock no longer; returns how many files were in them.
pub(super) fn sweep(tmp: &Path) -> Result<u64, ArtifactError> {
    let mut removed = 0;
    for entry in fs::read_dir(tmp).map_err(ArtifactError::io("list what processes hold"))? {
        let folder = entry.map_err(ArtifactError::io("list what processes hold"))?.path();
        match sweep_one(&folder) {
            Ok(files) => removed += files,
            // Another sweep was quicker.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(ArtifactError::io("remove what a process left")(error)),
        }
    }
    Ok(removed)
}

fn sweep_one(folder: &Path) -> io::Result<u64> {
    // A folder without a lock file gets one, so that a process just about to begin there sees that it is taken.
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK_NAME))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(0),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if name.as_bytes().starts_with(NOTE_PREFIX.as_bytes()) {
            remove_outside(&path)?;
        }
        files += u64::from(name != LOCK_NAME);
    }
    fs::remove_dir_all(folder)?;
    Ok(files)
}

/// Removes the file that a note names. Only names that are ours: a note may be cut short.
fn remove_outside(note: &Path) -> io::Result<()> {
    let text = fs::read(note)?;
    let path = Path::new(OsStr::from_bytes(&text));
    let is_ours = path.file_name().is_some_and(|name| name.as_bytes().starts_with(OUTSIDE_PREFIX.as_bytes()));
    if is_ours && path.is_absolute() {
        disk::unlink(path).map_err(io::Error::from)?;
    }
    Ok(())
}
