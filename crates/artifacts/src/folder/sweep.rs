//! Removing what dead processes left.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::disk;
use super::workspace::{LOCK_NAME, NOTE_PREFIX, OUTSIDE_PREFIX, gate};
use crate::ArtifactError;

/// Removes the folders of processes that hold their lock no longer; returns how many files were in them.
pub(super) fn sweep(tmp: &Path) -> Result<u64, ArtifactError> {
    let failed = ArtifactError::io("remove what a process left");
    let mut removed = 0;
    for entry in fs::read_dir(tmp).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        if entry.file_type().map_err(&failed)?.is_dir() {
            removed += sweep_one(tmp, &entry.path()).map_err(&failed)?;
        }
    }
    Ok(removed)
}

fn sweep_one(tmp: &Path, folder: &Path) -> io::Result<u64> {
    let _gate = gate(tmp)?;
    let lock = match File::open(folder.join(LOCK_NAME)) {
        Ok(lock) => Some(lock),
        // Whoever made the folder died before the lock, or another sweep was quicker.
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match lock.as_ref().map_or(Ok(()), File::try_lock) {
        // Whoever ends well removes its own folder, perhaps right now.
        Ok(()) => remove(folder).or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(0) } else { Err(error) }),
        Err(TryLockError::WouldBlock) => Ok(0),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove(folder: &Path) -> io::Result<u64> {
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
