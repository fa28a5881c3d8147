//! Everything that the live snapshots name, with what the metadata says of it.

use std::collections::{BTreeMap, BTreeSet};

use iceberg::io::FileIO;
use iceberg::spec::{ManifestContentType, ManifestFile, Snapshot};

use super::Problem;
use crate::error::LakeError;
use crate::storage::path_of;
use crate::table::load::{Version, manifest_list};
use crate::table::summary::{Totals, listed};

/// What the table names, by path.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// Table metadata, manifest lists and manifests.
    pub(crate) metadata: BTreeSet<String>,
    /// Data files with the rows and bytes they should have.
    pub(crate) data: BTreeMap<String, (u64, u64)>,
}

/// Walks all live snapshots. What cannot be read is a problem and is left out.
pub(crate) async fn take(io: &FileIO, version: &Version, problems: &mut Vec<Problem>) -> Result<Inventory, LakeError> {
    let mut inventory = Inventory::default();
    let log = version.metadata.metadata_log().iter().map(|log| log.metadata_file.as_str());
    let places = log.chain([version.location.as_str()]);
    inventory.metadata.extend(places.map(|place| path_of(place).to_owned()));
    for snapshot in version.metadata.snapshots() {
        inventory.metadata.insert(path_of(snapshot.manifest_list()).to_owned());
        let manifests = match manifest_list(io, &version.metadata, snapshot).await {
            Ok(manifests) => manifests,
            Err(error) => {
                problems.push(Problem::of(path_of(snapshot.manifest_list()), &error));
                continue;
            }
        };
        problems.extend(wrong_totals(snapshot, &manifests));
        for manifest in manifests {
            if inventory.metadata.insert(path_of(&manifest.manifest_path).to_owned()) {
                let loaded = inventory.add(io, &manifest).await;
                problems.extend(loaded.err().map(|error| Problem::of(path_of(&manifest.manifest_path), &error)));
            }
        }
    }
    Ok(inventory)
}

impl Inventory {
    async fn add(&mut self, io: &FileIO, manifest: &ManifestFile) -> Result<(), LakeError> {
        let loaded = manifest.load_manifest(io).await?;
        let mut totals = Totals::default();
        for entry in loaded.entries().iter().filter(|entry| entry.is_alive()) {
            totals.add(entry.data_file());
            let path = path_of(entry.file_path()).to_owned();
            self.data.insert(path, (entry.record_count(), entry.file_size_in_bytes()));
        }
        match listed(std::slice::from_ref(manifest), manifest.content) {
            counted if counted == (totals.files, totals.rows) => Ok(()),
            (files, rows) => Err(LakeError::Unusable(format!(
                "the manifest list says {files} files and {rows} rows, the manifest has {} and {}",
                totals.files, totals.rows
            ))),
        }
    }
}

fn wrong_totals(snapshot: &Snapshot, manifests: &[ManifestFile]) -> Vec<Problem> {
    let (files, rows) = listed(manifests, ManifestContentType::Data);
    let said = &snapshot.summary().additional_properties;
    let wrong = [("total-data-files", files), ("total-records", rows)].into_iter().filter_map(|(key, counted)| {
        let said = said.get(key).filter(|said| **said != counted.to_string())?;
        let place = format!("snapshot {}", snapshot.snapshot_id());
        Some(Problem { place, what: format!("its summary says {key} {said}, its manifests have {counted}") })
    });
    wrong.collect()
}

impl Problem {
    /// An error and all its causes.
    pub(crate) fn of(place: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let what = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self { place: place.to_owned(), what }
    }
}
