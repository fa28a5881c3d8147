//! Files below the table's folder that nothing names.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::inventory::Inventory;
use crate::error::LakeError;
use crate::file::SUMS_SUFFIX;
use crate::staging;

/// Every file below `folder`, by absolute path.
pub(crate) fn on_disk(folder: &Path) -> Result<Vec<String>, LakeError> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Emptied and removed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(LakeError::io("list", &folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(LakeError::io("list", &folder))?;
            match entry.file_type().map_err(LakeError::io("look at", &entry.path()))?.is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path().to_string_lossy().into_owned()),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What the ingests and commits at work, and the dead ones not yet swept, have announced.
pub(crate) fn announced(root: &Path) -> Result<BTreeSet<String>, LakeError> {
    let mut paths = BTreeSet::new();
    for (_, folder) in staging::folders(root)? {
        paths.extend(staging::announced(&folder)?.iter().map(|intent| intent.path().to_owned()));
    }
    Ok(paths)
}

/// The files of `found` that neither the inventory nor an intent names.
pub(crate) fn unnamed(found: Vec<String>, announced: &BTreeSet<String>, inventory: &Inventory) -> Vec<String> {
    let named = |path: &String| {
        let data = path.strip_suffix(SUMS_SUFFIX).unwrap_or(path);
        inventory.data.contains_key(data) || inventory.metadata.contains(path) || announced.contains(path)
    };
    found.into_iter().filter(|path| !named(path)).collect()
}

/// Leaves out what was removed since it was found.
pub(crate) fn still_there(mut paths: Vec<String>) -> Vec<String> {
    paths.retain(|path| Path::new(path).exists());
    paths
}
