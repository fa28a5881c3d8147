//! Which manifests a new snapshot lists: kept as they are, written anew without removed files, merged, or new.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile as IcebergFile, ManifestContentType, ManifestEntry, ManifestEntryRef, ManifestFile, ManifestWriterBuilder,
    TableMetadata,
};

use super::entry::{Partition, foreign};
use super::load::for_each_manifest;
use super::plan::{Wanted, has_live_files};
use super::schema::is_ours;
use crate::error::LakeError;
use crate::file::DataFile;

/// When small manifests are merged, so that a thousand ingests do not leave a thousand manifests to every plan.
#[derive(Clone, Copy, Debug)]
pub struct MergeLimits {
    /// More small manifests than this are merged by the next append.
    pub small_manifests: usize,
    /// A manifest with fewer entries than this is small.
    pub small_entries: usize,
    /// Entries of a merged manifest; sorted by partition, so that plans still open few of them.
    pub merged_entries: usize,
    /// Entries that one commit merges at most, the smallest manifests first; bounds its memory (about 2 KiB each).
    pub entries_at_once: usize,
}

impl Default for MergeLimits {
    fn default() -> Self {
        Self { small_manifests: 100, small_entries: 250, merged_entries: 1_000, entries_at_once: 10_000 }
    }
}

/// One line of a manifest that is about to be written.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// A new file. Without a data sequence number of its own it gets the commit's.
    Added(Box<IcebergFile>, Option<i64>),
    /// A file that stays.
    Existing(ManifestEntryRef),
    /// A file that this commit removes.
    Deleted(ManifestEntryRef),
}

/// The manifests of a snapshot in the making.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Manifests of the base that stay as they are.
    pub(crate) kept: Vec<ManifestFile>,
    /// Manifests to be written.
    pub(crate) drafts: Vec<Vec<Line>>,
}

impl Listing {
    /// Starts from the manifests of the base; those that list nothing any more are left out.
    pub(crate) fn from_base(base: Vec<ManifestFile>) -> Self {
        Self { kept: base.into_iter().filter(has_live_files).collect(), drafts: Vec::new() }
    }

    /// Takes `files` out and returns their entries.
    ///
    /// # Errors
    /// `Conflict` if any of them is not in the table any more.
    pub(crate) async fn remove(
        &mut self,
        io: &FileIO,
        metadata: &TableMetadata,
        files: &[DataFile],
    ) -> Result<Vec<ManifestEntryRef>, LakeError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: BTreeSet<Partition> = files.iter().map(Partition::from).collect();
        let may_list = |manifest: &ManifestFile| {
            let ours = metadata.partition_spec_by_id(manifest.partition_spec_id).is_some_and(|spec| is_ours(spec));
            let may_be_in = |Partition { organisation, day }: &Partition| {
                Wanted { organisation, first: *day, last: *day }.may_be_in(manifest)
            };
            ours && manifest.content == ManifestContentType::Data && partitions.iter().any(may_be_in)
        };
        let (opened, kept) = std::mem::take(&mut self.kept).into_iter().partition(may_list);
        self.kept = kept;
        let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let mut removed = Vec::new();
        for_each_manifest(io, None, opened, |manifest, entries| {
            let found = removed.len();
            let lines = without(&entries, &paths, &mut removed);
            match removed.len() == found {
                true => self.kept.push(manifest),
                false => self.drafts.push(lines),
            }
            Ok(())
        })
        .await?;
        match files.len() - removed.len().min(files.len()) {
            0 => Ok(removed),
            missing => Err(LakeError::Conflict { missing }),
        }
    }

    /// Replaces small manifests by few larger ones if there are too many of them.
    pub(crate) async fn merge(
        &mut self,
        io: &FileIO,
        metadata: &TableMetadata,
        limits: &MergeLimits,
    ) -> Result<(), LakeError> {
        let spec = metadata.default_partition_spec_id();
        let (merged, kept) = choose(std::mem::take(&mut self.kept), spec, limits);
        self.kept = kept;
        let mut sorted: BTreeMap<(Partition, String), ManifestEntryRef> = BTreeMap::new();
        for_each_manifest(io, None, merged, |_, entries| {
            for entry in entries.iter().filter(|entry| entry.is_alive()) {
                sorted.insert((Partition::of(entry.data_file())?, entry.file_path().to_owned()), entry.clone());
            }
            Ok(())
        })
        .await?;
        let lines: Vec<_> = sorted.into_values().map(Line::Existing).collect();
        self.drafts.extend(lines.chunks(limits.merged_entries).map(<[Line]>::to_vec));
        Ok(())
    }
}

/// The entries of a manifest that is written anew: live ones, of which those in `paths` become deleted and are noted.
fn without(entries: &[ManifestEntryRef], paths: &HashSet<&str>, removed: &mut Vec<ManifestEntryRef>) -> Vec<Line> {
    let line = |entry: &ManifestEntryRef| match paths.contains(crate::storage::path_of(entry.file_path())) {
        true => {
            removed.push(entry.clone());
            Line::Deleted(entry.clone())
        }
        false => Line::Existing(entry.clone()),
    };
    entries.iter().filter(|entry| entry.is_alive()).map(line).collect()
}

/// Which manifests to merge, and which to keep.
fn choose(manifests: Vec<ManifestFile>, spec: i32, limits: &MergeLimits) -> (Vec<ManifestFile>, Vec<ManifestFile>) {
    let entries = |manifest: &ManifestFile| match (manifest.added_files_count, manifest.existing_files_count) {
        (Some(added), Some(existing)) => added as usize + existing as usize,
        _ => usize::MAX,
    };
    let is_small = |manifest: &ManifestFile| {
        manifest.content == ManifestContentType::Data
            && manifest.partition_spec_id == spec
            && entries(manifest) < limits.small_entries
    };
    let (mut small, mut kept): (Vec<_>, Vec<_>) = manifests.into_iter().partition(is_small);
    if small.len() <= limits.small_manifests {
        kept.append(&mut small);
        return (small, kept);
    }
    small.sort_by_key(entries);
    let mut sum = 0;
    let taken = small.iter().take_while(|manifest| {
        sum += entries(manifest);
        sum <= limits.entries_at_once
    });
    kept.extend(small.split_off(taken.count()));
    (small, kept)
}

/// Writes one manifest of the snapshot `snapshot_id`.
pub(crate) async fn write(
    io: &FileIO,
    location: &str,
    metadata: &TableMetadata,
    snapshot_id: i64,
    lines: Vec<Line>,
) -> Result<ManifestFile, LakeError> {
    let (schema, spec) = (metadata.current_schema().clone(), metadata.default_partition_spec().as_ref().clone());
    let output = io.new_output(location)?;
    let mut writer = ManifestWriterBuilder::new(output, Some(snapshot_id), schema, spec).build_v2_data();
    for line in lines {
        match line {
            Line::Added(file, sequence) => writer.add_file(*file, sequence.unwrap_or(-1))?,
            Line::Existing(entry) => {
                let (file, snapshot, sequence) = numbered(&entry)?;
                writer.add_existing_file(file, snapshot, sequence, entry.file_sequence_number)?;
            }
            Line::Deleted(entry) => {
                let (file, _, sequence) = numbered(&entry)?;
                writer.add_delete_file(file, sequence, entry.file_sequence_number)?;
            }
        }
    }
    Ok(writer.write_manifest_file().await?)
}

fn numbered(entry: &ManifestEntry) -> Result<(IcebergFile, i64, i64), LakeError> {
    match (entry.snapshot_id, entry.sequence_number) {
        (Some(snapshot), Some(sequence)) => Ok((entry.data_file().clone(), snapshot, sequence)),
        _ => Err(foreign(entry.data_file(), "has no sequence number")),
    }
}
