//! Manifests that plans have read, for the plans to come: a manifest never changes once it is written.

use std::sync::Arc;

use iceberg::io::FileIO;
use iceberg::spec::{ManifestEntryRef, ManifestFile};
use moka::future::Cache;

use crate::error::LakeError;

/// Entries kept over all manifests, those used last (about 2 KiB each). A manifest with more is read each time.
const KEPT_ENTRIES: u64 = 8_192;

/// What plans have read. Clones share it.
#[derive(Clone)]
pub(crate) struct ManifestCache(Cache<String, Arc<[ManifestEntryRef]>>);

impl Default for ManifestCache {
    fn default() -> Self {
        let entries = |_: &String, entries: &Arc<[ManifestEntryRef]>| u32::try_from(entries.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(entries).max_capacity(KEPT_ENTRIES).build())
    }
}

impl ManifestCache {
    /// The entries of a manifest, read where they are not kept.
    pub(crate) async fn entries(
        &self,
        io: &FileIO,
        manifest: &ManifestFile,
    ) -> Result<Arc<[ManifestEntryRef]>, LakeError> {
        if let Some(kept) = self.0.get(&manifest.manifest_path).await {
            return Ok(kept);
        }
        let entries = read(io, manifest).await?;
        self.0.insert(manifest.manifest_path.clone(), Arc::clone(&entries)).await;
        Ok(entries)
    }
}

/// The entries of a manifest as it lies there.
pub(crate) async fn read(io: &FileIO, manifest: &ManifestFile) -> Result<Arc<[ManifestEntryRef]>, LakeError> {
    Ok(manifest.load_manifest(io).await?.into_parts().0.into())
}
