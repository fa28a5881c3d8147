//! Which files hold an organisation's rows of some days: a pure function over manifests that are already loaded.

use std::collections::BTreeMap;

use domain::ids::Slug;
use domain::time::Day;
use iceberg::spec::{
    ByteBuf, DataContentType, Datum, FieldSummary, ManifestContentType, ManifestEntryRef, ManifestFile, PartitionSpec,
    PrimitiveLiteral, PrimitiveType,
};

use super::entry::{Partition, to_data_file};
use super::schema::is_ours;
use crate::error::LakeError;
use crate::file::DataFile;

/// The files of one organisation and a range of days in one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The snapshot.
    pub snapshot_id: i64,
    /// The days that have rows, in order.
    pub days: Vec<PlannedDay>,
}

/// One organisation-day in a snapshot. (`greatest_sequence`, `rows`) is its content version: appends and erasures
/// change it, compaction does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedDay {
    /// The UTC day.
    pub day: Day,
    /// Rows in all its files.
    pub rows: u64,
    /// The greatest data sequence number of its files.
    pub greatest_sequence: i64,
    /// Its files, by path.
    pub files: Vec<DataFile>,
}

/// What is asked for: an organisation and UTC days, both ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) first: Day,
    pub(crate) last: Day,
}

impl Wanted<'_> {
    fn has(&self, partition: &Partition) -> bool {
        partition.organisation == self.organisation && (self.first..=self.last).contains(&partition.day)
    }

    /// Whether a manifest written under our spec can list such files, by its partition summaries.
    pub(crate) fn may_be_in(&self, manifest: &ManifestFile) -> bool {
        let Some([organisation, day]) = manifest.partitions.as_deref() else { return true };
        let (low, high) = (text(&organisation.lower_bound), text(&organisation.upper_bound));
        let (from, to) = (date(day, true), date(day, false));
        low.is_none_or(|low| low.as_str() <= self.organisation)
            && high.is_none_or(|high| self.organisation <= high.as_str())
            && from.is_none_or(|from| from <= self.last)
            && to.is_none_or(|to| self.first <= to)
    }
}

/// Whether a manifest lists any file that is still in the table.
pub(crate) fn has_live_files(manifest: &ManifestFile) -> bool {
    manifest.has_added_files() || manifest.has_existing_files()
}

/// Gathers a plan manifest by manifest.
pub(crate) struct Planner<'a> {
    organisation: &'a Slug,
    wanted: Wanted<'a>,
    snapshot_id: i64,
    days: BTreeMap<Day, PlannedDay>,
}

impl<'a> Planner<'a> {
    /// A plan of the days `first..=last` in a snapshot.
    pub(crate) fn new(snapshot_id: i64, organisation: &'a Slug, first: Day, last: Day) -> Self {
        let wanted = Wanted { organisation: organisation.as_str(), first, last };
        Self { organisation, wanted, snapshot_id, days: BTreeMap::new() }
    }

    /// Whether the entries of `manifest` must be loaded and added. `spec` is the partition spec it was written under.
    pub(crate) fn needs(&self, manifest: &ManifestFile, spec: Option<&PartitionSpec>) -> Result<bool, LakeError> {
        if !has_live_files(manifest) {
            return Ok(false);
        }
        if spec.is_some_and(is_ours) {
            return Ok(self.wanted.may_be_in(manifest));
        }
        match manifest.content {
            ManifestContentType::Deletes => Err(self.deletes(&manifest.manifest_path)),
            ManifestContentType::Data => Err(LakeError::ForeignFile {
                path: manifest.manifest_path.clone(),
                reason: "lists files in other partitions than this program's",
            }),
        }
    }

    /// Takes the files that are asked for from a manifest's entries.
    pub(crate) fn add(&mut self, entries: &[ManifestEntryRef]) -> Result<(), LakeError> {
        for entry in entries.iter().filter(|entry| entry.is_alive()) {
            if !self.wanted.has(&Partition::of(entry.data_file())?) {
                continue;
            }
            if entry.content_type() != DataContentType::Data {
                return Err(self.deletes(entry.file_path()));
            }
            let sequence = entry.sequence_number().unwrap_or_default();
            self.add_file(to_data_file(entry)?, sequence);
        }
        Ok(())
    }

    fn add_file(&mut self, file: DataFile, sequence: i64) {
        if file.rows == 0 {
            return;
        }
        let day = self.days.entry(file.day);
        let day = day.or_insert(PlannedDay { day: file.day, rows: 0, greatest_sequence: 0, files: Vec::new() });
        day.rows += file.rows;
        day.greatest_sequence = day.greatest_sequence.max(sequence);
        day.files.push(file);
    }

    /// The plan, in its order.
    pub(crate) fn finish(self) -> Plan {
        let mut days: Vec<_> = self.days.into_values().collect();
        for day in &mut days {
            day.files.sort_by(|a, b| a.path.cmp(&b.path));
        }
        Plan { snapshot_id: self.snapshot_id, days }
    }

    fn deletes(&self, path: &str) -> LakeError {
        LakeError::ForeignDeletes { organisation: self.organisation.clone(), path: path.to_owned() }
    }
}

/// A bound of the organisations; one that cannot be read prunes nothing.
fn text(bound: &Option<ByteBuf>) -> Option<String> {
    String::from_utf8(bound.as_ref()?.to_vec()).ok()
}

fn date(summary: &FieldSummary, lower: bool) -> Option<Day> {
    let bound = if lower { &summary.lower_bound } else { &summary.upper_bound };
    let datum = Datum::try_from_bytes(bound.as_ref()?, PrimitiveType::Date).ok()?;
    match datum.literal() {
        PrimitiveLiteral::Int(days) => Some(Day(*days)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
