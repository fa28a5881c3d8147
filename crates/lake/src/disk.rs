//! Durable steps on the local disk: private modes, fsync of files and of the folders that name them.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::LakeError;

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;
/// How often a folder is made again that disappears before its first file is there.
const FOLDER_ATTEMPTS: u32 = 5;

/// Runs disk work on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(LakeError::Panicked))
}

/// Makes a file that must not be there yet, mode 0600 whatever the umask. It is not durable before it is synced.
pub(crate) fn create_file(path: &Path) -> Result<File, LakeError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(path)
        .map_err(LakeError::io("create", path))?;
    file.set_permissions(Permissions::from_mode(PRIVATE_FILE)).map_err(LakeError::io("protect", path))?;
    Ok(file)
}

/// Makes a folder and its missing parents, mode 0700 whatever the umask; each is durable when this returns.
pub(crate) fn create_folders(path: &Path) -> Result<(), LakeError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_folders(parent)?;
    }
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
        Ok(()) => {
            let mode = Permissions::from_mode(PRIVATE_FOLDER);
            fs::set_permissions(path, mode).map_err(LakeError::io("protect", path))?;
        }
        // Another process makes the same folder at the same time.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) => return Err(LakeError::io("create", path)(error)),
    }
    sync_folder(parent.unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), LakeError> {
    let sync = || File::open(path)?.sync_all();
    sync().map_err(LakeError::io("sync", path))
}

/// Writes a whole file by way of `temporary` (same file system), so that `path` is there complete and durable or not at all.
pub(crate) fn write_file(path: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    let mut file = create_file(temporary)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(LakeError::io("write", temporary))?;
    move_file(temporary, path)
}

/// Renames a synced file into its place, making the folder if it is missing; durable when this returns.
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<(), LakeError> {
    let folder = to.parent().unwrap_or(Path::new("."));
    for _ in 0..FOLDER_ATTEMPTS {
        create_folders(folder)?;
        match fs::rename(from, to) {
            // Somebody who cleans up removes folders that he finds empty.
            Err(error) if error.kind() == ErrorKind::NotFound && from.exists() => {}
            done => {
                done.map_err(LakeError::io("rename", from))?;
                return sync_folder(folder);
            }
        }
    }
    Err(LakeError::io("rename", from)(ErrorKind::NotFound.into()))
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove_file(path: &Path) -> Result<(), LakeError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LakeError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub(crate) fn remove_folder(path: &Path) -> Result<(), LakeError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LakeError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_private_and_complete() {
        let root = tempfile::tempdir().unwrap();
        let (path, temporary) = (root.path().join("a/b/file"), root.path().join("file.part"));
        write_file(&path, &temporary, b"bytes").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"bytes");
        assert_eq!((mode(&path), mode(&root.path().join("a")), mode(&root.path().join("a/b"))), (0o600, 0o700, 0o700));
        assert!(!temporary.exists());
    }

    #[test]
    fn a_file_is_made_once_and_removed_as_often_as_asked() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        create_file(&path).unwrap();
        assert!(matches!(create_file(&path), Err(LakeError::Io { doing: "create", .. })));
        remove_file(&path).unwrap();
        remove_file(&path).unwrap();
        remove_folder(&root.path().join("none")).unwrap();
    }
}
