//! Reads what the catalog points to: table metadata, manifest lists, manifests, and plans over them.

use std::sync::Arc;

use domain::ids::Slug;
use domain::time::Day;
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::io::FileIO;
use iceberg::spec::{
    ManifestEntryRef, ManifestFile, ManifestList, Snapshot, SnapshotRef, TableMetadata, TableMetadataRef,
};

use super::cache::{self, ManifestCache, VersionCache};
use super::plan::{Plan, Planner};
use super::schema::verify;
use crate::catalog::{Catalog, Pointer};
use crate::error::LakeError;

/// How often metadata is looked up anew that was replaced and removed while it was opened.
const READ_ATTEMPTS: u32 = 10;
/// Manifests loaded at once; each may hold a few thousand entries in memory.
const LOADS_AT_ONCE: usize = 4;

/// The table as one metadata file describes it.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) location: String,
    pub(crate) metadata: TableMetadataRef,
}

impl Version {
    /// The current snapshot; every table of ours is made with one.
    pub(crate) fn current(&self) -> Result<&SnapshotRef, LakeError> {
        self.metadata.current_snapshot().ok_or_else(|| LakeError::Unusable("it has no current snapshot".to_owned()))
    }
}

/// The table that a catalog points to.
#[derive(Clone, Copy)]
pub(crate) struct CurrentTable<'a> {
    pub(crate) catalog: &'a dyn Catalog,
    pub(crate) io: &'a FileIO,
    /// The version that was read last.
    pub(crate) kept: &'a VersionCache,
}

impl CurrentTable<'_> {
    /// The table as it is now; its metadata is read where it is not the kept one.
    pub(crate) async fn current_version(&self) -> Result<Version, LakeError> {
        let mut pointer = self.pointer().await?;
        for _ in 0..READ_ATTEMPTS {
            if let Some(version) = self.kept.get(&pointer.location) {
                return Ok(version);
            }
            let error = match self.metadata(&mut pointer).await {
                Ok(metadata) => {
                    verify(&metadata)?;
                    let version = Version { location: pointer.location, metadata };
                    self.kept.keep(&version);
                    return Ok(version);
                }
                Err(error) => error,
            };
            match self.pointer().await? {
                moved if moved.location != pointer.location => pointer = moved,
                _ => return Err(error.into()),
            }
        }
        Err(LakeError::Contention { attempts: READ_ATTEMPTS })
    }

    async fn metadata(&self, pointer: &mut Pointer) -> iceberg::Result<TableMetadataRef> {
        match pointer.metadata.take() {
            Some(metadata) => Ok(metadata),
            None => Ok(Arc::new(TableMetadata::read_from(self.io, &pointer.location).await?)),
        }
    }

    async fn pointer(&self) -> Result<Pointer, LakeError> {
        let pointer = self.catalog.pointer().await?;
        pointer.ok_or_else(|| LakeError::Unusable("the catalog has no table".to_owned()))
    }
}

/// A snapshot that has not expired.
pub(crate) fn live(metadata: &TableMetadata, snapshot_id: i64) -> Result<&SnapshotRef, LakeError> {
    metadata.snapshot_by_id(snapshot_id).ok_or(LakeError::SnapshotGone(snapshot_id))
}

/// The manifests of a snapshot.
pub(crate) async fn manifest_list(
    io: &FileIO,
    metadata: &TableMetadata,
    snapshot: &Snapshot,
) -> Result<Vec<ManifestFile>, LakeError> {
    let bytes = io.new_input(snapshot.manifest_list())?.read().await?;
    let list = ManifestList::parse_with_version(&bytes, metadata.format_version())?;
    Ok(list.consume_entries().into_iter().collect())
}

/// Loads manifests, some at once, and hands each one's entries to `each` in the order given. Only plans keep what they
/// read: they come again and again, while others go through everything once.
pub(crate) async fn for_each_manifest(
    io: &FileIO,
    cache: Option<&ManifestCache>,
    manifests: Vec<ManifestFile>,
    mut each: impl FnMut(ManifestFile, Arc<[ManifestEntryRef]>) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let loads = manifests.into_iter().map(|manifest| {
        let (io, cache) = (io.clone(), cache.cloned());
        // A task of its own, since decoding costs more than reading.
        tokio::spawn(async move {
            let entries = match cache {
                Some(cache) => cache.entries(&io, &manifest).await?,
                None => cache::read(&io, &manifest).await?,
            };
            Ok::<_, LakeError>((manifest, entries))
        })
    });
    let mut loads = stream::iter(loads).buffered(LOADS_AT_ONCE);
    while let Some(loaded) = loads.try_next().await.map_err(|_| LakeError::Panicked)? {
        let (manifest, entries) = loaded?;
        each(manifest, entries)?;
    }
    Ok(())
}

/// Plans one organisation's days `first..=last` in a live snapshot, opening only manifests that can list them.
pub(crate) async fn plan(
    io: &FileIO,
    cache: &ManifestCache,
    metadata: &TableMetadata,
    snapshot_id: i64,
    organisation: &Slug,
    (first, last): (Day, Day),
) -> Result<Plan, LakeError> {
    let snapshot = Arc::clone(live(metadata, snapshot_id)?);
    let mut planner = Planner::new(snapshot_id, organisation, first, last);
    let mut needed = Vec::new();
    for manifest in cache.list(io, metadata, &snapshot).await?.iter() {
        let spec = metadata.partition_spec_by_id(manifest.partition_spec_id);
        if planner.needs(manifest, spec.map(AsRef::as_ref))? {
            needed.push(manifest.clone());
        }
    }
    for_each_manifest(io, Some(cache), needed, |_, entries| planner.add(&entries)).await?;
    Ok(planner.finish())
}
