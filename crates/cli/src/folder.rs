//! The data folder: made with mode 0700 whatever the umask, never inside something that is not a folder.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::exit::{Exit, Failure, OrExit};

/// The folder's canonical path.
pub fn make(path: &Path) -> Result<PathBuf, Failure> {
    let naming = || format!("data folder {}", path.display());
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => return Err(Failure::usage(format!("{} is not a folder", naming()))),
        Ok(_) => {}
        Err(_) => make_with_parents(path).with_context(naming).or_exit(Exit::Unavailable)?,
    }
    let canonical = path.canonicalize().with_context(naming).or_exit(Exit::Unavailable)?;
    match canonical.to_str() {
        Some(_) => Ok(canonical),
        None => Err(Failure::new(Exit::Usage, anyhow!("{}: its path must be UTF-8", naming()))),
    }
}

/// Every folder on the way that is not there yet, from the top.
fn make_with_parents(path: &Path) -> anyhow::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<_> = path.ancestors().take_while(is_missing).collect();
    for folder in missing.into_iter().rev() {
        make_private(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(())
}

/// A folder of mode 0700: a umask may take from the mode it is made with, before the next one is made in it.
pub fn make_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(0o700)),
        // Somebody else was faster, or it is a name like `..`.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}
