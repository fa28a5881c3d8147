//! What was read of the table, for whoever asks next: its files never change once they are written.

use std::sync::{Arc, Mutex, PoisonError};

use iceberg::io::FileIO;
use iceberg::spec::{ManifestEntryRef, ManifestFile, Snapshot, TableMetadata};
use moka::future::Cache;

use super::load::{Version, manifest_list};
use crate::error::LakeError;

/// Entries kept over all manifests, those used last (about 2 KiB each). A manifest with more is read each time.
const KEPT_ENTRIES: u64 = 8_192;
/// Manifests kept over all lists of them (a few hundred bytes each).
const KEPT_LISTED: u64 = 8_192;

/// The version that was read last.
#[derive(Default)]
pub(crate) struct VersionCache(Mutex<Option<Version>>);

impl VersionCache {
    /// The version that lies at a location, if it was read last.
    pub(crate) fn get(&self, location: &str) -> Option<Version> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|version| version.location == location).cloned()
    }

    /// Keeps a version in place of the one before.
    pub(crate) fn keep(&self, version: &Version) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(version.clone());
    }
}

/// What plans have read. Clones share it.
#[derive(Clone)]
pub(crate) struct ManifestCache {
    lists: Cache<String, Arc<[ManifestFile]>>,
    manifests: Cache<String, Arc<[ManifestEntryRef]>>,
}

impl Default for ManifestCache {
    fn default() -> Self {
        Self { lists: cache(KEPT_LISTED), manifests: cache(KEPT_ENTRIES) }
    }
}

fn cache<T: Send + Sync + 'static>(most: u64) -> Cache<String, Arc<[T]>> {
    let weigh = |_: &String, items: &Arc<[T]>| u32::try_from(items.len()).unwrap_or(u32::MAX);
    Cache::builder().weigher(weigh).max_capacity(most).build()
}

impl ManifestCache {
    /// The manifests of a snapshot, read where they are not kept.
    pub(crate) async fn list(
        &self,
        io: &FileIO,
        metadata: &TableMetadata,
        snapshot: &Snapshot,
    ) -> Result<Arc<[ManifestFile]>, LakeError> {
        if let Some(kept) = self.lists.get(snapshot.manifest_list()).await {
            return Ok(kept);
        }
        let list: Arc<[_]> = manifest_list(io, metadata, snapshot).await?.into();
        self.lists.insert(snapshot.manifest_list().to_owned(), Arc::clone(&list)).await;
        Ok(list)
    }

    /// The entries of a manifest, read where they are not kept.
    pub(crate) async fn entries(
        &self,
        io: &FileIO,
        manifest: &ManifestFile,
    ) -> Result<Arc<[ManifestEntryRef]>, LakeError> {
        if let Some(kept) = self.manifests.get(&manifest.manifest_path).await {
            return Ok(kept);
        }
        let entries = read(io, manifest).await?;
        self.manifests.insert(manifest.manifest_path.clone(), Arc::clone(&entries)).await;
        Ok(entries)
    }
}

/// The entries of a manifest as it lies there.
pub(crate) async fn read(io: &FileIO, manifest: &ManifestFile) -> Result<Arc<[ManifestEntryRef]>, LakeError> {
    Ok(manifest.load_manifest(io).await?.into_parts().0.into())
}
