//! Files of the storage that nothing names.

use std::collections::BTreeSet;
use std::path::Path;

use super::inventory::Inventory;
use crate::error::LakeError;
use crate::file::SUMS_SUFFIX;
use crate::staging;
use crate::storage::{Listed, Storage};

/// What the ingests and commits at work, and the dead ones not yet swept, have announced.
pub(crate) fn announced(root: &Path) -> Result<BTreeSet<String>, LakeError> {
    let mut paths = BTreeSet::new();
    for (_, folder) in staging::folders(root)? {
        paths.extend(staging::announced(&folder)?.iter().map(|intent| intent.path().to_owned()));
    }
    Ok(paths)
}

/// What the names of table metadata end with (Iceberg table spec, "Table Metadata").
const METADATA_SUFFIX: &str = ".metadata.json";

/// The files of `found` that neither the inventory nor an intent names. Where the catalog writes metadata, such files are its
/// business, whatever is in them.
pub(crate) fn unnamed(
    found: Vec<Listed>,
    announced: &BTreeSet<String>,
    inventory: &Inventory,
    catalog_writes: bool,
) -> Vec<String> {
    let named = |path: &String| {
        if catalog_writes && path.ends_with(METADATA_SUFFIX) {
            return true;
        }
        let data = path.strip_suffix(SUMS_SUFFIX).unwrap_or(path);
        inventory.data.contains_key(data) || inventory.metadata.contains(path) || announced.contains(path)
    };
    found.into_iter().map(|file| file.path).filter(|path| !named(path)).collect()
}

/// Leaves out what was removed since it was found.
pub(crate) fn still_there(storage: &dyn Storage, paths: Vec<String>) -> Result<Vec<String>, LakeError> {
    let mut there = Vec::with_capacity(paths.len());
    for path in paths {
        if storage.size(&path)?.is_some() {
            there.push(path);
        }
    }
    Ok(there)
}
