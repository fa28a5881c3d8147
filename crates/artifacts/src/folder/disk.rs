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

/// What is known of a file or folder after a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// It is there as it was.
    Always,
    /// It is there, or not, or damaged: whoever reads it checks it, and it can be made again.
    Perhaps,
}

/// Makes a folder and those above it, mode 0700, each durable in the one above.
pub(super) fn create_folders(path: &Path) -> Result<(), ArtifactError> {
    make_folders(path, Lasts::Always).map_err(ArtifactError::io("make a folder"))
}

fn make_folders(path: &Path, lasts: Lasts) -> io::Result<()> {
    let parent = folder_of(path);
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make_folders(parent, lasts)?;
            return make_folders(path, lasts);
        }
        Err(error) => return Err(error),
    }
    if lasts == Lasts::Always { sync_folder(parent) } else { Ok(()) }
}

/// The folder a file or folder lies in; a bare name lies in the current one.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a finished file its name by `give(from, to)`, in a folder that is made if need be; what is to last is durable
/// when this returns.
///
/// The name comes first: a file system that writes names and lengths by a journal then commits that once for the bytes and
/// the folders, not once for each. Nobody asks for an object before it is recorded that it is there, and whoever finds half
/// of one after a power cut puts another in its place.
pub(super) fn publish(
    (from, file): (&Path, &File),
    to: &Path,
    lasts: Lasts,
    give: fn(&Path, &Path) -> io::Result<()>,
) -> Result<io::Result<()>, ArtifactError> {
    let folder = folder_of(to);
    for _ in 0..FOLDER_ATTEMPTS {
        match give(from, to) {
            // There is no such folder yet, or whoever removed its last object removed it.
            Err(error) if error.kind() == ErrorKind::NotFound && from.exists() => {
                make_folders(folder, lasts).map_err(ArtifactError::io("make a folder"))?;
            }
            Err(error) => return Ok(Err(error)),
            Ok(()) if lasts == Lasts::Always => {
                let synced = file.sync_all().and_then(|()| sync_folder(folder));
                if synced.is_err() {
                    // The kernel tells of it once: nobody may find the object and take it for one that lasts.
                    let _ = fs::remove_file(to);
                }
                return Ok(synced);
            }
            Ok(()) => return Ok(Ok(())),
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
