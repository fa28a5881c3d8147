//! One attempt to commit: a complete snapshot in memory, then its files on the storage, which nobody sees before the swap.

use std::sync::Arc;

use domain::clock::Clock;
use domain::ids::IngestId;
use domain::random::{Random, uuid_v7};
use fail::fail_point;
use iceberg::TableRequirement;
use iceberg::io::FileIO;
use iceberg::spec::{
    MAIN_BRANCH, ManifestEntryRef, ManifestListWriter, MetadataLog, Operation, Snapshot, TableMetadata,
    TableMetadataBuilder,
};

use super::load::Version;
use super::manifests::{self, Listing};
use super::schema::creation;
use super::summary::summarise;
use crate::catalog::{Commit, NewBatch, TableChange};
use crate::disk;
use crate::error::LakeError;
use crate::places::Places;
use crate::staging::{Intent, Staging};
use crate::storage::{Storage, file_io, location, path_of};

/// What the next snapshot is to list, and why.
pub(crate) struct Draft {
    pub(crate) operation: Operation,
    pub(crate) listing: Listing,
    /// What it takes out of its parent.
    pub(crate) removed: Vec<ManifestEntryRef>,
    /// Whether the table was put back from a backup before it.
    pub(crate) is_restored: bool,
}

/// Names and numbers for attempts.
pub(crate) struct Attempts<'a> {
    pub(crate) places: &'a Places,
    pub(crate) storage: &'a Arc<dyn Storage>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) random: &'a dyn Random,
    /// Whether the catalog writes the table's metadata files and removes old ones, and we do neither.
    pub(crate) catalog_writes: bool,
}

/// A snapshot that is complete but for its files.
pub(crate) struct Attempt {
    snapshot: Snapshot,
    listing: Listing,
    manifests: Vec<String>,
    metadata: TableMetadata,
    metadata_location: String,
    change: TableChange,
    replaced: Vec<String>,
}

impl Attempts<'_> {
    /// The first snapshot, empty, of a new table.
    pub(crate) fn first(&self, id: IngestId, metadata_versions: usize) -> Result<Attempt, LakeError> {
        let creation = creation(location(self.places.table()), metadata_versions)?;
        let uuid = uuid_v7(self.clock.now(), self.random);
        let builder = TableMetadataBuilder::from_table_creation(creation)?.assign_uuid(uuid);
        let bare = builder.clone().build()?.metadata;
        let draft = Draft {
            operation: Operation::Append,
            listing: Listing::default(),
            removed: Vec::new(),
            is_restored: false,
        };
        self.build(id, &bare, None, builder, 0, draft)
    }

    /// The snapshot after `base`.
    pub(crate) fn next(&self, id: IngestId, base: &Version, draft: Draft) -> Result<Attempt, LakeError> {
        let builder = TableMetadata::clone(&base.metadata).into_builder(Some(base.location.clone()));
        let version = version_number(&base.location) + 1;
        self.build(id, &base.metadata, Some(base.current()?), builder, version, draft)
    }

    fn build(
        &self,
        id: IngestId,
        base: &TableMetadata,
        parent: Option<&Snapshot>,
        builder: TableMetadataBuilder,
        version: u32,
        draft: Draft,
    ) -> Result<Attempt, LakeError> {
        let (snapshot_id, now) = (self.snapshot_id(base), self.clock.now());
        let (folder, uuid) = (self.places.metadata(), uuid_v7(now, self.random));
        let place = |name: String| format!("{}/{name}", location(&folder));
        // A clock that was set back must not make history run backwards.
        let earliest = parent.map_or(0, |_| base.last_updated_ms());
        let snapshot = Snapshot::builder()
            .with_snapshot_id(snapshot_id)
            .with_parent_snapshot_id(parent.map(Snapshot::snapshot_id))
            .with_sequence_number(base.next_sequence_number())
            .with_timestamp_ms(now.0.div_euclid(1000).max(earliest))
            .with_manifest_list(place(format!("snap-{snapshot_id}-1-{uuid}.avro")))
            .with_summary(summarise(&draft, id, parent)?)
            .with_schema_id(base.current_schema_id())
            .build();
        let built = builder.set_branch_snapshot(snapshot.clone(), MAIN_BRANCH)?.build()?;
        let old = |log: MetadataLog| path_of(&log.metadata_file).to_owned();
        let replaced = built.expired_metadata_logs.into_iter().map(old);
        let is_ours = |path: &String| !self.catalog_writes && path.starts_with(&folder);
        let change = TableChange { requirements: requirements(base, parent), updates: built.changes };
        Ok(Attempt {
            manifests: (0..draft.listing.drafts.len()).map(|n| place(format!("{uuid}-m{n}.avro"))).collect(),
            metadata_location: place(format!("{version:05}-{uuid}.metadata.json")),
            replaced: replaced.filter(is_ours).collect(),
            metadata: built.metadata,
            change,
            snapshot,
            listing: draft.listing,
        })
    }

    /// A random positive id that the table does not have yet.
    fn snapshot_id(&self, base: &TableMetadata) -> i64 {
        loop {
            let mut bytes = [0; 8];
            self.random.fill(&mut bytes);
            let id = i64::from_le_bytes(bytes) & i64::MAX;
            if id > 0 && base.snapshot_by_id(id).is_none() {
                return id;
            }
        }
    }

    /// Announces and writes an attempt's files. What comes back is ready for the catalog.
    pub(crate) async fn publish(
        &self,
        staging: &Arc<Staging>,
        attempt: Attempt,
        batch: Option<NewBatch>,
    ) -> Result<Commit, LakeError> {
        let (intents, recorder) = (attempt.intents(self.catalog_writes), Arc::clone(staging));
        disk::blocking(move || recorder.record(&intents)).await?;
        let Attempt { snapshot, listing, manifests, metadata, metadata_location, change, .. } = attempt;
        let (io, id) = (file_io(Arc::clone(self.storage), Some(staging.folder().to_owned())), snapshot.snapshot_id());
        let mut listed = Vec::with_capacity(manifests.len() + listing.kept.len());
        for (place, lines) in manifests.iter().zip(listing.drafts) {
            listed.push(manifests::write(&io, place, &metadata, id, lines).await?);
        }
        fail_point!("commit.manifest");
        listed.extend(listing.kept);
        let output = io.new_output(snapshot.manifest_list())?.writer().await?;
        let parent = snapshot.parent_snapshot_id();
        let mut list = ManifestListWriter::v2(output, id, parent, snapshot.sequence_number());
        list.add_manifests(listed.into_iter())?;
        list.close().await?;
        fail_point!("commit.list");
        if !self.catalog_writes {
            write_metadata(&io, &metadata_location, &metadata).await?;
        }
        fail_point!("commit.metadata");
        let staging = Arc::clone(staging);
        Ok(Commit { staging, attempt: id, to: metadata_location, change, at: self.clock.now(), batch })
    }
}

impl Attempt {
    fn intents(&self, catalog_writes: bool) -> Vec<Intent> {
        let attempt = self.snapshot.snapshot_id();
        let metadata = (!catalog_writes).then_some(self.metadata_location.as_str());
        let places = self.manifests.iter().map(String::as_str);
        let places = places.chain([self.snapshot.manifest_list()]).chain(metadata);
        let written = places.map(|place| Intent::Attempt { attempt, path: path_of(place).to_owned() });
        let replaced = self.replaced.iter().map(|path| Intent::Replaced { attempt, path: path.clone() });
        written.chain(replaced).collect()
    }
}

/// What must hold of the table for the snapshot after `parent` to be the next one.
fn requirements(base: &TableMetadata, parent: Option<&Snapshot>) -> Vec<TableRequirement> {
    match parent.map(Snapshot::snapshot_id) {
        None => vec![TableRequirement::NotExist],
        snapshot_id => vec![
            TableRequirement::UuidMatch { uuid: base.uuid() },
            TableRequirement::RefSnapshotIdMatch { r#ref: MAIN_BRANCH.to_owned(), snapshot_id },
        ],
    }
}

async fn write_metadata(io: &FileIO, location: &str, metadata: &TableMetadata) -> Result<(), LakeError> {
    let json = serde_json::to_vec(metadata).map_err(|error| LakeError::Unusable(error.to_string()))?;
    Ok(io.new_output(location)?.write(json.into()).await?)
}

/// The number that a metadata file's name begins with; other engines may name theirs differently.
fn version_number(location: &str) -> u32 {
    let name = location.rsplit('/').next().unwrap_or_default();
    name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
