//! Durable steps on a disk: modes whatever the umask, folders that may be removed meanwhile, synced names.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::ArtifactError;

/// How often an empty folder may be removed by others between making it and using it.
const FOLDER_ATTEMPTS: usize = 8;

/// Creates a file that must not be there; mode 0600.
pub(super) fn create(path: &Path) -> Result<File, ArtifactError> {
    let create = || {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    };
    create().map_err(ArtifactError::io("create a file"))
}

/// Makes a folder and those above it, mode 0700, each durable in the one above.
pub(super) fn create_folders(path: &Path) -> Result<(), ArtifactError> {
    make_folders(path).map_err(ArtifactError::io("make a folder"))
}

fn make_folders(path: &Path) -> io::Result<()> {
    let parent = folder_of(path);
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make_folders(parent)?;
            return make_folders(path);
        }
        Err(error) => return Err(error),
    }
    sync_folder(parent)
}

/// The folder a file or folder lies in; a bare name lies in the current one.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a finished file its name by `give(from, to)`, in a folder that is made if need be, and makes the name durable.
pub(super) fn publish(
    from: &Path,
    to: &Path,
    give: fn(&Path, &Path) -> io::Result<()>,
) -> Result<io::Result<()>, ArtifactError> {
    let folder = folder_of(to);
    for _ in 0..FOLDER_ATTEMPTS {
        create_folders(folder)?;
        match give(from, to) {
            // Whoever removes the last object of a folder removes the folder.
            Err(error) if error.kind() == ErrorKind::NotFound && from.exists() => {}
            Err(error) => return Ok(Err(error)),
            Ok(()) => return Ok(sync_folder(folder)),
        }
    }
    Ok(Err(ErrorKind::NotFound.into()))
}

/// Removes an object's file and the folders below `root` that it leaves empty; `false` where there is none.
pub(super) fn remove(root: &Path, path: &Path) -> Result<bool, ArtifactError> {
    if !unlink(path)? {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(root);
    sync_folder(folder).map_err(ArtifactError::io("make a removal durable"))?;
    let below_root = folder.ancestors().take_while(|folder| *folder != root);
    // The first that is not empty ends it.
    below_root.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
    Ok(true)
}

/// Removes a file; `false` where there is none.
pub(super) fn unlink(path: &Path) -> Result<bool, ArtifactError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(ArtifactError::io("remove a file")(error)),
    }
}

/// Makes the names in a folder durable; a folder that is gone has none.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
