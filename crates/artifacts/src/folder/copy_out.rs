//! Handing a finished object out as a file of the user.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use super::workspace::Workspace;
use crate::crc::Crc64;
use crate::{ArtifactError, ObjectName};

/// Bytes compared at a time.
const CHECK_BYTES: usize = 1 << 20;

/// Copies an object beside `destination`, compares the copy, and renames it into place; returns its size (bytes).
pub(super) fn copy_out(
    workspace: &Arc<Workspace>,
    name: &ObjectName,
    object: &File,
    destination: &Path,
    crc64nvme: Option<u64>,
) -> Result<u64, ArtifactError> {
    let mut temporary = workspace.create_beside(destination)?;
    let bytes = copy(object, &mut temporary.file).map_err(ArtifactError::io("copy an object out"))?;
    if let Some(expected) = crc64nvme {
        let found = check_sum(&mut temporary.file).map_err(ArtifactError::io("read a copy"))?;
        if found != (Crc64 { value: expected, bytes }) {
            return Err(ArtifactError::Corrupt { object: name.clone(), what: "CRC-64/NVME of the object" });
        }
    }
    temporary.sync()?;
    let renamed = temporary.publish(destination, |from, to| fs::rename(from, to))?;
    renamed.map_err(ArtifactError::io("name a copy"))?;
    Ok(bytes)
}

/// Shares the blocks where the file system can, else lets the kernel copy.
fn copy(mut from: &File, to: &mut File) -> io::Result<u64> {
    if reflink_copy::reflink_file(from, to).is_ok() {
        return Ok(to.metadata()?.len());
    }
    to.set_len(0)?;
    to.rewind()?;
    io::copy(&mut from, to)
}

fn check_sum(file: &mut File) -> io::Result<Crc64> {
    file.rewind()?;
    let (mut crc, mut buffer) = (Crc64::default(), vec![0; CHECK_BYTES]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(crc),
            length => crc = crc.then(Crc64::of(&buffer[..length])),
        }
    }
}
