//! Clears up after processes that died: finishes what they committed and undoes what they did not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ids::IngestId;

use super::{settle, take_over};
use crate::catalog::Catalog;
use crate::disk;
use crate::error::LakeError;
use crate::storage::Storage;

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Dead work that had been committed: its leftovers are gone.
    pub finished: usize,
    /// Dead work that had not been committed: every trace is gone.
    pub discarded: usize,
    /// Work that is going on and was left alone.
    pub live: usize,
}

/// Ends all dead staging folders under `root`, whose files go to places in `storage`.
pub(crate) async fn sweep(root: PathBuf, storage: Arc<dyn Storage>, catalog: &dyn Catalog) -> Result<Swept, LakeError> {
    let mut swept = Swept::default();
    let listed = root.clone();
    for (id, folder) in disk::blocking(move || folders(&listed)).await? {
        let (root, found) = (root.clone(), folder.clone());
        let Some(lock) = disk::blocking(move || take_over(&root, &found)).await? else {
            swept.live += 1;
            continue;
        };
        let (won, storage) = (catalog.committed(id).await?, Arc::clone(&storage));
        disk::blocking(move || settle(&folder, storage.as_ref(), won)).await?;
        drop(lock);
        match won {
            Some(_) => swept.finished += 1,
            None => swept.discarded += 1,
        }
    }
    Ok(swept)
}

/// The staging folders under `root`; whatever else lies there is not ours to touch.
pub(crate) fn folders(root: &Path) -> Result<Vec<(IngestId, PathBuf)>, LakeError> {
    let entries = fs::read_dir(root).map_err(LakeError::io("list", root))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(LakeError::io("list", root))?;
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        found.extend(id.map(|id| (id, entry.path())));
    }
    found.sort();
    Ok(found)
}
