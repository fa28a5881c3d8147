//! Handing a finished object out as a file of the user.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::disk::Lasts;
use super::share::Sharing;
use super::workspace::Workspace;
use crate::assembly::COPY_BYTES;
use crate::{ArtifactError, ObjectName};
use crc64::{Crc64, Crc64Hasher};

/// Copies an object beside `destination`, compares it on the way, and renames the copy into place; returns its size (bytes).
pub(super) fn copy_out(
    workspace: &Arc<Workspace>,
    name: &ObjectName,
    object: &File,
    destination: &Path,
    crc64nvme: Option<u64>,
) -> Result<u64, ArtifactError> {
    let temporary = workspace.create_beside(destination)?;
    let copied = copy(object, &temporary.file)?;
    if crc64nvme.is_some_and(|expected| expected != copied.value) {
        return Err(ArtifactError::Corrupt { object: name.clone(), what: "CRC-64/NVME of the object" });
    }
    temporary.sync()?;
    let renamed = temporary.publish(destination, Lasts::Always, |from, to| fs::rename(from, to))?;
    renamed.map_err(ArtifactError::io("name a copy"))?;
    Ok(copied.bytes)
}

/// Shares all blocks where the file system can, else as many as can be shared, else writes what was read for its check
/// sum: each byte is read once.
fn copy(from: &File, to: &File) -> Result<Crc64, ArtifactError> {
    let cloned = reflink_copy::reflink_file(from, to).is_ok();
    if !cloned {
        to.set_len(0).map_err(ArtifactError::io("begin a copy"))?;
    }
    let sharing = Sharing::of(to);
    let (mut crc, mut buffer) = (Crc64Hasher::default(), vec![0; COPY_BYTES]);
    loop {
        let at = crc.bytes();
        let length = fill(from, at, &mut buffer).map_err(ArtifactError::io("read an object"))?;
        if length == 0 {
            return Ok(crc.finish());
        }
        let bytes = &buffer[..length];
        crc.update(bytes);
        let done = if cloned { length } else { sharing.share(from, at, to, at, length) };
        to.write_all_at(&bytes[done..], at + done as u64).map_err(ArtifactError::io("copy an object out"))?;
    }
}

/// Reads until the buffer is full or the file ends, so that all but the last read end where a block does.
fn fill(from: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match from.read_at(&mut buffer[length..], at + length as u64)? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}
