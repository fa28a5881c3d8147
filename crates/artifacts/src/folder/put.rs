//! Storing a small object under a name that is free.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use super::disk::{self, Lasts};
use super::workspace::Workspace;
use crate::{ArtifactError, ObjectName, Put};

/// Links a finished file under the name, which fails where something is: unlike a rename, and unlike a look before it.
pub(super) fn put(
    workspace: &Arc<Workspace>,
    name: &ObjectName,
    path: &Path,
    bytes: &[u8],
) -> Result<Put, ArtifactError> {
    let mut temporary = workspace.create()?;
    temporary.file.write_all(bytes).map_err(ArtifactError::io("write an object"))?;
    let lasts = if name.must_last() { Lasts::Always } else { Lasts::Perhaps };
    fail::fail_point!("artifacts.put");
    match temporary.publish(path, lasts, |from, to| fs::hard_link(from, to))? {
        Ok(()) => Ok(Put::Stored),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => compare(name, path, bytes, lasts),
        Err(error) => Err(ArtifactError::io("name an object")(error)),
    }
}

fn compare(name: &ObjectName, path: &Path, bytes: &[u8], lasts: Lasts) -> Result<Put, ArtifactError> {
    let known = fs::read(path).map_err(ArtifactError::io("read an object"))?;
    if known != bytes {
        return Err(ArtifactError::Conflict { object: name.clone() });
    }
    if lasts == Lasts::Always {
        // Whoever stored it may have died before it was durable.
        let synced = File::open(path).and_then(|file| file.sync_all());
        let synced = synced.and_then(|()| disk::sync_folder(path.parent().unwrap_or(path)));
        synced.map_err(ArtifactError::io("make an object durable"))?;
    }
    Ok(Put::Already)
}
