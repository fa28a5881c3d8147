//! The data folder: made with mode 0700 whatever the umask, never inside something that is not a folder.

use std::fs::{self, DirBuilder, Permissions};
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
        Err(_) => {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
                .with_context(naming)
                .or_exit(Exit::Unavailable)?;
        }
    }
    let canonical = path.canonicalize().with_context(naming).or_exit(Exit::Unavailable)?;
    match canonical.to_str() {
        Some(_) => Ok(canonical),
        None => Err(Failure::new(Exit::Usage, anyhow!("{}: its path must be UTF-8", naming()))),
    }
}
