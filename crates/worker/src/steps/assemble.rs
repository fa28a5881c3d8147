//! Assemble: copy the parts one behind the other, with the manifest and a directory of all.

use std::error::Error;
use std::sync::Arc;

use artifacts::{ArtifactError, Assembled, ObjectName, Piece};
use domain::export::{ArchiveFile, Export, Outcome, State};
use domain::request::Format;
use domain::time::Day;
use encoder::archive::write_zip_tail;
use encoder::civil::Date;
use encoder::hash::Hash256;
use encoder::manifest::Volume;
use encoder::part::header_piece;
use fail::fail_point;
use tracing::warn;

use super::{attempts, read_plan_or_plan_again, store};
use crate::error::{StepError, message};
use crate::manifest::VolumeManifest;
use crate::part::{container, profile};
use crate::source;
use crate::volumes::{VolumeCut, volumes};
use crate::worker::Worker;
use parts::names::{file_name, manifest_name};
use parts::plan::{PlanReader, PlannedSegment};
use parts::{Fetch, PartRecord, StoredPart};

pub(super) async fn run(worker: &Arc<Worker>, export: &Export) -> Result<Outcome, StepError> {
    let whole = |plan: &mut PlanReader<Fetch>| Ok((plan.segments(0..plan.header().segments)?, plan.day_rows()?));
    let (segments, days) = read_plan_or_plan_again(worker, export, whole).await?;
    let attempts = attempts(worker, export).await?;
    let stored: Vec<_> =
        segments.iter().zip(&attempts).map(|(of, attempt)| StoredPart::of(export, of, *attempt)).collect();
    let records = match records(worker, &stored).await? {
        Ok(records) => records,
        Err(gone) => return Ok(Outcome::PartsGone { segments: gone }),
    };
    source::of(export.request.dataset).reconcile(export, days, &records)?;
    fail_point!("assemble.checked");
    let assembly = Assembly { worker, export, segments: &segments, stored: &stored, records: &records };
    match assembly.all_volumes().await {
        Ok(files) => {
            fail_point!("assemble.stored");
            Ok(Outcome::Assembled { files })
        }
        Err(StepError::Artifacts(ArtifactError::Missing { object } | ArtifactError::Corrupt { object, .. })) => {
            assembly.without(&object).await
        }
        Err(error) => Err(error),
    }
}

/// The records of all parts, or the numbers of the segments whose parts are gone.
async fn records(worker: &Worker, stored: &[StoredPart]) -> Result<Result<Vec<PartRecord>, Vec<u32>>, StepError> {
    let (mut records, mut gone) = (Vec::with_capacity(stored.len()), Vec::new());
    for (part, number) in stored.iter().zip(0..) {
        match part.finished(worker.ports.artifacts.as_ref()).await? {
            Some(record) => records.push(record),
            None => gone.push(number),
        }
    }
    Ok(if gone.is_empty() { Ok(records) } else { Err(gone) })
}

/// An archive of at least this is looked for among those of earlier exports, before it is put together (bytes).
const SHARED_BYTES: u64 = 1 << 20;
/// How many exports of the owner, the newest first, are looked through for it.
const EARLIER_EXPORTS: u32 = 16;

struct Assembly<'a> {
    worker: &'a Worker,
    export: &'a Export,
    segments: &'a [PlannedSegment],
    stored: &'a [StoredPart],
    records: &'a [PartRecord],
}

impl Assembly<'_> {
    async fn all_volumes(&self) -> Result<Vec<ArchiveFile>, StepError> {
        let whole = self.export.request.range.as_ref().map(|range| (range.from(), range.to()));
        let slices: Vec<_> = self.segments.iter().map(|segment| segment.slice.clone()).collect();
        let cuts = volumes(&slices, self.records, whole.unwrap_or((Day(0), Day(0))), self.export.request.shape);
        let count = cuts.len() as u32;
        let mut files = Vec::new();
        for (cut, number) in cuts.iter().zip(1..) {
            let volume = (count > 1).then_some(Volume { volume: number, volumes: count });
            files.push(self.volume(cut, volume).await?);
        }
        Ok(files)
    }

    async fn volume(&self, cut: &VolumeCut, volume: Option<Volume>) -> Result<ArchiveFile, StepError> {
        let request = &self.export.request;
        let header = match request.format {
            Format::Zip => None,
            Format::Csv | Format::CsvGz => Some(header_piece(
                &request.columns.names(request.dataset),
                profile(request),
                container(request),
                request.shape.sha256,
            )?),
        };
        let days = request.range.as_ref().map(|_| Ok::<_, StepError>((date(cut.from)?, date(cut.to)?))).transpose()?;
        let records = &self.records[cut.parts.clone()];
        let manifest = VolumeManifest::new(self.export, header.as_ref().map(|(piece, _)| piece), records, days, volume);
        let name = file_name(self.export, volume.map(|volume| volume.volume));
        let (mut pieces, manifest_blake3) = match header {
            None => self.zip_pieces(cut, &manifest)?,
            Some((_, bytes)) => (vec![Piece::Bytes(bytes.into())], self.manifest_beside(&name, &manifest).await?),
        };
        let at = if request.format == Format::Zip { 0 } else { 1 };
        pieces.splice(at..at, self.copies(cut));
        let object = ObjectName::archive(&self.export.owner, self.export.id, &name)?;
        let assembled = match self.made_before(records, &object, (&name, manifest_blake3)).await? {
            Some(assembled) => assembled,
            None => {
                let pieces = Box::new(pieces.into_iter().map(Ok));
                self.worker.ports.artifacts.assemble(&object, pieces).await?
            }
        };
        self.worker.progress.bytes_stored(assembled.bytes);
        Ok(ArchiveFile {
            name,
            bytes: assembled.bytes,
            files: manifest.files(),
            rows: manifest.rows(),
            crc64nvme: assembled.crc64nvme,
            manifest_blake3: manifest_blake3.0,
        })
    }

    /// The same archive of an earlier export, given a second name. Equal manifests prove equal files, in the same order.
    async fn made_before(
        &self,
        records: &[PartRecord],
        object: &ObjectName,
        (name, manifest): (&str, Hash256),
    ) -> Result<Option<Assembled>, StepError> {
        let (ports, export) = (&self.worker.ports, self.export);
        let bytes: u64 = records.iter().map(|record| record.part.data_bytes).sum();
        if !export.request.reuse || bytes < SHARED_BYTES {
            return Ok(None);
        }
        // Only a short cut: what stands in its way does not end the step.
        let unused = |error: &dyn Error| warn!(error = message(error), "no archive of an earlier export used");
        let earlier = ports.jobs.list(&export.owner, Some(export.id), EARLIER_EXPORTS).await;
        for earlier in earlier.inspect_err(|error| unused(error)).unwrap_or_default() {
            let State::Succeeded { files, .. } = &earlier.state else { continue };
            let is_same = |file: &&ArchiveFile| file.name == name && file.manifest_blake3 == manifest.0;
            let Some(file) = files.iter().find(is_same).filter(|_| earlier.request == export.request) else { continue };
            let from = ObjectName::archive(&earlier.owner, earlier.id, &file.name)?;
            let assembled = Assembled { bytes: file.bytes, crc64nvme: file.crc64nvme };
            match ports.artifacts.share(&from, object, assembled).await {
                Ok(true) => return Ok(Some(assembled)),
                Ok(false) => {}
                Err(error) => unused(&error),
            }
        }
        Ok(None)
    }

    /// The parts of a volume, each checked while it is copied.
    fn copies(&self, cut: &VolumeCut) -> Vec<Piece> {
        let parts = cut.parts.clone().filter(|index| self.records[*index].rows() > 0);
        let copy = |index: usize| Piece::Copy {
            from: self.stored[index].part.clone(),
            offset: 0,
            checks: self.records[index].part.entries.iter().map(|entry| entry.crc64nvme).collect(),
        };
        parts.map(copy).collect()
    }

    fn zip_pieces(&self, cut: &VolumeCut, manifest: &VolumeManifest) -> Result<(Vec<Piece>, Hash256), StepError> {
        let mut offset = 0;
        let entries = self.records[cut.parts.clone()].iter().flat_map(|record| &record.part.entries).map(|entry| {
            let placed = entry.directory_entry(offset);
            offset += entry.stored_bytes();
            Ok(placed)
        });
        let data_bytes = self.records[cut.parts.clone()].iter().map(|record| record.part.data_bytes).sum();
        let (summary, tail) = write_zip_tail(Vec::new(), data_bytes, entries, |out| manifest.write(out))?;
        Ok((vec![Piece::Bytes(tail.into())], summary.manifest_blake3))
    }

    /// Stores the manifest of a csv, which lies beside it.
    async fn manifest_beside(&self, name: &str, manifest: &VolumeManifest) -> Result<Hash256, StepError> {
        let mut text = Vec::new();
        manifest.write(&mut text)?;
        let object = ObjectName::archive(&self.export.owner, self.export.id, &manifest_name(name))?;
        let hash = Hash256::blake3(&text);
        store(self.worker.ports.artifacts.as_ref(), &object, text).await?;
        Ok(hash)
    }

    /// A part was not what its record says: it is removed, with all others of which that is true, and built again.
    async fn without(&self, object: &ObjectName) -> Result<Outcome, StepError> {
        let artifacts = self.worker.ports.artifacts.as_ref();
        let mut gone = Vec::new();
        for ((stored, record), number) in self.stored.iter().zip(self.records).zip(0..) {
            if stored.part == *object || !stored.is_as_recorded(artifacts, record).await? {
                stored.discard(artifacts).await?;
                gone.push(number);
            }
        }
        if gone.is_empty() {
            return Err(ArtifactError::Missing { object: object.clone() }.into());
        }
        Ok(Outcome::PartsGone { segments: gone })
    }
}

fn date(day: Day) -> Result<Date, StepError> {
    // Requests are parsed from dates of the years 1-9999, so this is a record that is not ours.
    Date::from_epoch_days(day.0).ok_or_else(|| parts::plan::PlanError::Damaged("a day outside the years 1-9999").into())
}
