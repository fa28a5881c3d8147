//! What a snapshot says of itself: changes, totals, and whose commit it is (Iceberg table spec, snapshot summary).

use std::collections::{BTreeSet, HashMap};

use domain::ids::IngestId;
use iceberg::spec::{DataFile as IcebergFile, ManifestContentType, ManifestFile, Snapshot, Summary};

use super::attempt::Draft;
use super::entry::Partition;
use super::lineage::{COMMIT, FOREIGN, RESTORED, newest_foreign, restored};
use super::manifests::Line;
use crate::error::LakeError;

/// Files, rows and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) files: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, file: &IcebergFile) {
        self.files += 1;
        self.rows += file.record_count();
        self.bytes += file.file_size_in_bytes();
    }
}

/// Live files and rows of the data manifests (or delete manifests), as the manifest list counts them.
pub(crate) fn listed(manifests: &[ManifestFile], content: ManifestContentType) -> (u64, u64) {
    let of_kind = manifests.iter().filter(|manifest| manifest.content == content);
    of_kind.fold((0, 0), |(files, rows), m| {
        let added = (m.added_files_count.unwrap_or(0), m.added_rows_count.unwrap_or(0));
        let existing = (m.existing_files_count.unwrap_or(0), m.existing_rows_count.unwrap_or(0));
        (files + u64::from(added.0) + u64::from(existing.0), rows + added.1 + existing.1)
    })
}

/// The summary of a snapshot that lists what `draft` says after `parent`, made by the commit `id`.
pub(crate) fn summarise(draft: &Draft, id: IngestId, parent: Option<&Snapshot>) -> Result<Summary, LakeError> {
    let Draft { operation, listing, removed, is_restored } = draft;
    let (mut added, mut gone, mut partitions) = (Totals::default(), Totals::default(), BTreeSet::new());
    let (mut files, mut rows) = listed(&listing.kept, ManifestContentType::Data);
    for line in listing.drafts.iter().flatten() {
        let file = match line {
            Line::Added(file, _) => {
                added.add(file);
                partitions.insert(Partition::of(file)?);
                file
            }
            Line::Existing(entry) => entry.data_file(),
            Line::Deleted(_) => continue,
        };
        (files, rows) = (files + 1, rows + file.record_count());
    }
    for entry in removed {
        gone.add(entry.data_file());
        partitions.insert(Partition::of(entry.data_file())?);
    }
    let mut properties = HashMap::from([(COMMIT.to_owned(), id.to_string())]);
    properties.extend(parent.and_then(newest_foreign).map(|foreign| (FOREIGN.to_owned(), foreign.to_string())));
    let restored = if *is_restored { Some(id.to_string()) } else { parent.and_then(restored).map(str::to_owned) };
    properties.extend(restored.map(|id| (RESTORED.to_owned(), id)));
    let mut set = |key: &str, value: u64| properties.insert(key.to_owned(), value.to_string());
    set("changed-partition-count", partitions.len() as u64);
    for (key, value) in [
        ("added-data-files", added.files),
        ("added-records", added.rows),
        ("added-files-size", added.bytes),
        ("deleted-data-files", gone.files),
        ("deleted-records", gone.rows),
        ("removed-files-size", gone.bytes),
    ] {
        if value > 0 {
            set(key, value);
        }
    }
    set("total-data-files", files);
    set("total-records", rows);
    set("total-delete-files", listed(&listing.kept, ManifestContentType::Deletes).0);
    for key in ["total-position-deletes", "total-equality-deletes"] {
        set(key, before(parent, key).unwrap_or(0));
    }
    // Manifest lists do not count bytes; where another engine left the sum out it stays out.
    if let Some(bytes) = before(parent, "total-files-size") {
        set("total-files-size", (bytes + added.bytes).saturating_sub(gone.bytes));
    }
    Ok(Summary { operation: operation.clone(), additional_properties: properties })
}

fn before(parent: Option<&Snapshot>, key: &str) -> Option<u64> {
    match parent {
        Some(parent) => parent.summary().additional_properties.get(key)?.parse().ok(),
        None => Some(0),
    }
}
