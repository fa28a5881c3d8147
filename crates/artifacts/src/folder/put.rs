//! Storing a small object under a name that is free.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use super::disk;
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
    temporary.sync()?;
    fail::fail_point!("artifacts.put");
    match temporary.publish(path, |from, to| fs::hard_link(from, to))? {
        Ok(()) => Ok(Put::Stored),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => compare(name, path, bytes),
        Err(error) => Err(ArtifactError::io("name an object")(error)),
    }
}

fn compare(name: &ObjectName, path: &Path, bytes: &[u8]) -> Result<Put, ArtifactError> {
    let known = fs::read(path).map_err(ArtifactError::io("read an object"))?;
    if known != bytes {
        return Err(ArtifactError::Conflict { object: name.clone() });
    }
    // Whoever stored it may have died before its name was durable.
    disk::sync_folder(path.parent().unwrap_or(path)).map_err(ArtifactError::io("make an object durable"))?;
    Ok(Put::Already)
}
