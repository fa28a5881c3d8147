//! A second name for an object that is there already.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use crc64::{Crc64, Crc64Hasher};

use super::disk::Lasts;
use super::size_of;
use super::workspace::Workspace;
use crate::assembly::COPY_BYTES;
use crate::{ArtifactError, Assembled};

/// Links the file under a name of ours and renames that, if its bytes are the expected ones; see
/// [`share`](crate::Artifacts::share). Objects are never changed where they lie, so that one does not change with the other.
pub(super) fn give(
    workspace: &Arc<Workspace>,
    (from, mut file): (&Path, File),
    to: &Path,
    expected: Assembled,
) -> Result<bool, ArtifactError> {
    if size_of(&file)? != expected.bytes || check_sum(&mut file)?.value != expected.crc64nvme {
        return Ok(false);
    }
    let temporary = match workspace.link(from, file) {
        Ok(temporary) => temporary,
        // Gone meanwhile, or as many names as the file system allows.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::TooManyLinks) => return Ok(false),
        Err(error) => return Err(ArtifactError::io("link an object")(error)),
    };
    fail::fail_point!("artifacts.finish.before");
    let named = temporary.publish(to, Lasts::Always, |from, to| fs::rename(from, to))?;
    named.map_err(ArtifactError::io("name an object"))?;
    fail::fail_point!("artifacts.finish.after");
    Ok(true)
}

fn check_sum(file: &mut File) -> Result<Crc64, ArtifactError> {
    let (mut crc, mut buffer) = (Crc64Hasher::default(), vec![0; COPY_BYTES]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(crc.finish()),
            Ok(length) => crc.update(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ArtifactError::io("read an object")(error)),
        }
    }
}
