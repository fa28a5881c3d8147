//! How much lies in the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::time::Day;
use iceberg::spec::{DataContentType, ManifestContentType};

use crate::disk;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::table::entry::Partition;
use crate::table::load::{for_each_manifest, manifest_list};
use crate::table::plan::has_live_files;
use crate::table::summary::Totals;

/// What the current snapshot holds, and what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeStats {
    /// The current snapshot.
    pub snapshot_id: i64,
    /// Each organisation that has rows, by name.
    pub organisations: Vec<OrganisationStats>,
    /// Snapshots that have not expired.
    pub snapshots: usize,
    /// Manifests of the current snapshot.
    pub manifests: usize,
    /// Bytes of all metadata files on the storage, those of older snapshots included.
    pub metadata_bytes: u64,
    /// Snapshots that exports hold.
    pub pins: usize,
}

/// What one organisation has in the current snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationStats {
    /// Its name.
    pub organisation: String,
    /// UTC days with rows.
    pub days: usize,
    /// The first of them.
    pub first_day: Day,
    /// The last of them.
    pub last_day: Day,
    /// Data files.
    pub files: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes of the data files.
    pub bytes: u64,
}

impl Lake {
    /// Counts what is in the lake, by its manifests; no data file is opened.
    pub async fn stats(&self) -> Result<LakeStats, LakeError> {
        let version = self.version().await?;
        let (io, current) = (&self.io, version.current()?);
        let manifests = manifest_list(io, &version.metadata, current).await?;
        let count = manifests.len();
        let wanted = manifests.into_iter().filter(|m| m.content == ManifestContentType::Data && has_live_files(m));
        let mut found = BTreeMap::<String, (BTreeSet<Day>, Totals)>::new();
        for_each_manifest(io, None, wanted.collect(), |_, entries| {
            for entry in entries.iter().filter(|e| e.is_alive() && e.content_type() == DataContentType::Data) {
                let Partition { organisation, day } = Partition::of(entry.data_file())?;
                let (days, totals) = found.entry(organisation).or_default();
                days.insert(day);
                totals.add(entry.data_file());
            }
            Ok(())
        })
        .await?;
        let (storage, metadata) = (Arc::clone(&self.parts.storage), self.places.metadata());
        let files = disk::blocking(move || storage.list(&metadata)).await?;
        Ok(LakeStats {
            snapshot_id: current.snapshot_id(),
            organisations: found.into_iter().filter_map(organisation).collect(),
            snapshots: version.metadata.snapshots().len(),
            manifests: count,
            metadata_bytes: files.iter().map(|file| file.bytes).sum(),
            pins: self.parts.catalog.pins().await?.len(),
        })
    }
}

fn organisation((organisation, (days, totals)): (String, (BTreeSet<Day>, Totals))) -> Option<OrganisationStats> {
    let Totals { files, rows, bytes } = totals;
    let (first_day, last_day) = (*days.first()?, *days.last()?);
    Some(OrganisationStats { organisation, days: days.len(), first_day, last_day, files, rows, bytes })
}
