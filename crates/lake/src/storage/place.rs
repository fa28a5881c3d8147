//! Moves many finished files into their folders, with one wait for the disk for each folder instead of each file.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use fail::fail_point;

use super::Put;
use crate::disk;
use crate::error::LakeError;
use crate::parallel;

const PRIVATE_FOLDER: u32 = 0o700;
/// How often a folder is made again that somebody who cleans up found empty and removed.
const FOLDER_ATTEMPTS: u32 = 5;

/// Renames files into their places, making missing folders (mode 0700). All is durable when this returns.
pub(crate) fn place(moves: &[Put]) -> Result<(), LakeError> {
    let mut folders: BTreeSet<&Path> = moves.iter().filter_map(|step| folder_of(step)).collect();
    let above: BTreeSet<&Path> = folders.iter().filter_map(|folder| folder.parent()).collect();
    above.iter().try_for_each(|folder| disk::create_folders(folder))?;
    parallel::for_each(moves, |step| {
        rename(step)?;
        fail_point!("ingest.renamed");
        Ok(())
    })?;
    folders.extend(above);
    parallel::for_each(&Vec::from_iter(folders), |folder| disk::sync_folder(folder))
}

fn rename(step: &Put) -> Result<(), LakeError> {
    let mut attempts = FOLDER_ATTEMPTS;
    loop {
        match fs::rename(&step.from, &step.to) {
            Err(error) if error.kind() == ErrorKind::NotFound && attempts > 0 && step.from.exists() => {
                attempts -= 1;
                folder_of(step).map_or(Ok(()), make_folder)?;
            }
            done => return done.map_err(LakeError::io("rename", &step.from)),
        }
    }
}

fn folder_of(step: &Put) -> Option<&Path> {
    Path::new(&step.to).parent()
}

fn make_folder(path: &Path) -> Result<(), LakeError> {
    let make = || {
        DirBuilder::new().mode(PRIVATE_FOLDER).create(path)?;
        fs::set_permissions(path, Permissions::from_mode(PRIVATE_FOLDER))
    };
    match make() {
        Err(error) if error.kind() == ErrorKind::NotFound => path.parent().map_or(Ok(()), disk::create_folders),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(LakeError::io("create", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_to_their_places_in_private_folders() {
        let root = tempfile::tempdir().unwrap();
        let step = |i: usize| {
            let (from, to) =
                (root.path().join(i.to_string()), format!("{}/data/a/{}/{i}", root.path().display(), i % 7));
            fs::write(&from, i.to_string()).unwrap();
            Put { from, to }
        };
        let moves: Vec<_> = (0..50).map(step).collect();
        place(&moves).unwrap();
        for (i, step) in moves.iter().enumerate() {
            assert_eq!(fs::read_to_string(&step.to).unwrap(), i.to_string());
            assert!(!step.from.exists());
            let mode = fs::metadata(folder_of(step).unwrap()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, PRIVATE_FOLDER);
        }
        assert!(matches!(place(&moves[..1]), Err(LakeError::Io { doing: "rename", .. })));
        assert!(place(&[]).is_ok());
    }
}
