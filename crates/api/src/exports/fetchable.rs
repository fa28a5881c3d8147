//! What of an export can be fetched now, and under which name, type and tag.

use artifacts::{ArtifactError, ObjectName, SYNCED_BYTES};
use domain::export::{ArchiveFile, Export, Phase, State};
use domain::owner::Owner;
use domain::request::Format;
use domain::time::Micros;
use domain::windows::Slice;
use parts::plan::{PlanError, PlannedSegment};
use parts::{PartRecord, ReadError, StoredPart, read_plan};
use stores::jobs::{SegmentProgress, SegmentState};

use super::view::hex;
use crate::App;
use crate::downloads::Target;
use crate::problem::{Code, Problem, hidden};

/// An object that is there in its whole length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetchable {
    /// Where it lies.
    pub object: ObjectName,
    /// Its size.
    pub bytes: u64,
    /// Its strong entity tag, with the quotes.
    pub etag: String,
    /// Its media type.
    pub content_type: &'static str,
    /// The name it is offered under, of `[a-z0-9._-]`.
    pub name: String,
}

/// The media type of a file of this format (RFC 7111 for the header line of a whole csv).
const fn content_type(format: Format, header: bool) -> &'static str {
    match (format, header) {
        (Format::Zip, _) => "application/zip",
        (Format::Csv, true) => "text/csv; charset=utf-8; header=present",
        (Format::Csv, false) => "text/csv; charset=utf-8; header=absent",
        (Format::CsvGz, _) => "application/gzip",
    }
}

/// Finds what a link leads to.
pub async fn find(app: &App, export: &Export, target: &Target) -> Result<Fetchable, Problem> {
    match target {
        Target::File(name) => {
            let file = finished_files(export, app.now())?.iter().find(|file| file.name == *name);
            of_file(app, export, file.ok_or_else(Problem::not_found)?).await
        }
        Target::Part(number) => match part(app, export, *number).await? {
            Some((segment, stored, record)) => Ok(of_part(export, &segment.slice, stored, &record)),
            None => Err(Problem::new(Code::NotReady).detail("this part is not built, or not any more")),
        },
    }
}

/// The files of an export that succeeded and has not run out.
pub fn finished_files(export: &Export, now: Micros) -> Result<&[ArchiveFile], Problem> {
    match &export.state {
        State::Queued | State::Running(_) => Err(Problem::new(Code::NotReady)),
        State::Failed { .. } => Err(Problem::new(Code::NotReady).detail("the export failed")),
        State::Succeeded { files, expires_at, .. } if now < *expires_at => Ok(files),
        State::Succeeded { .. } | State::Cancelled { .. } | State::Expired { .. } => Err(Problem::new(Code::Expired)),
    }
}

async fn of_file(app: &App, export: &Export, file: &ArchiveFile) -> Result<Fetchable, Problem> {
    let object = ObjectName::archive(&export.owner, export.id, &file.name).map_err(|error| hidden(&error, false))?;
    let size = app.ports.artifacts.size(&object).await.map_err(artifact)?;
    if size != Some(file.bytes) {
        return Err(hidden(&ArtifactError::Missing { object }, false));
    }
    Ok(Fetchable {
        object,
        bytes: file.bytes,
        etag: format!("\"{:016x}-{:x}\"", file.crc64nvme, file.bytes),
        content_type: content_type(export.request.format, true),
        name: file.name.clone(),
    })
}

fn of_part(export: &Export, slice: &Slice, stored: StoredPart, record: &PartRecord) -> Fetchable {
    let (dataset, format) = (export.request.dataset.name(), export.request.format);
    let stem = match &export.owner {
        Owner::Organisation(slug) => format!("{slug}-{dataset}-{}", slice.piece_stem()),
        Owner::User(_) => dataset.to_owned(),
    };
    let tag = match &stored.part {
        ObjectName::Part(part) => hex(&part.key.0),
        other => other.to_string(),
    };
    Fetchable {
        object: stored.part,
        bytes: record.part.total_bytes,
        etag: format!("\"{tag}-{:016x}\"", record.part.crc64nvme.value),
        content_type: content_type(format, false),
        name: format!("{stem}.part{}", format.extension()),
    }
}

/// Whether parts of an export can be looked at: from its plan on, as long as it is not removed.
pub fn has_parts(export: &Export, now: Micros) -> Result<(), Problem> {
    match &export.state {
        State::Queued | State::Running(Phase::Plan(_)) => Err(Problem::new(Code::NotReady)),
        State::Running(_) | State::Failed { .. } => Ok(()),
        State::Succeeded { expires_at, .. } if now < *expires_at => Ok(()),
        State::Succeeded { .. } | State::Cancelled { .. } | State::Expired { .. } => Err(Problem::new(Code::Expired)),
    }
}

/// A segment of the plan with its part, if that is built; a number beyond the plan is not there.
async fn part(
    app: &App,
    export: &Export,
    number: u32,
) -> Result<Option<(PlannedSegment, StoredPart, PartRecord)>, Problem> {
    let found = segments(app, export, number, 1).await?;
    let (segment, state) = found.into_iter().next().ok_or_else(Problem::not_found)?;
    let Some((stored, record)) = built(app, export, &segment, &state).await? else { return Ok(None) };
    // A small part may have lost its bytes with the power, and nobody else looks at it before it is fetched.
    let is_small = record.part.total_bytes < SYNCED_BYTES;
    if is_small && !stored.is_as_recorded(app.ports.artifacts.as_ref(), &record).await.map_err(artifact)? {
        return Ok(None);
    }
    Ok(Some((segment, stored, record)))
}

/// At most `limit` segments from number `from` on, with how far they are.
pub async fn segments(
    app: &App,
    export: &Export,
    from: u32,
    limit: u32,
) -> Result<Vec<(PlannedSegment, SegmentState)>, Problem> {
    has_parts(export, app.now())?;
    let states = app.ports.jobs.segments(&export.owner, export.id, from, limit).await?;
    let Some(last) = states.last() else { return Ok(Vec::new()) };
    let range = from..last.number + 1;
    let artifacts = std::sync::Arc::clone(&app.ports.artifacts);
    let planned = read_plan(artifacts, &export.owner, export.id, move |plan| plan.segments(range)).await;
    match planned {
        Ok(planned) => Ok(planned.into_iter().zip(states).collect()),
        // A removal was quicker; or a power cut took the plan, which a worker that needs it makes again.
        Err(
            ReadError::Plan(PlanError::Missing | PlanError::Damaged(_))
            | ReadError::Artifacts(ArtifactError::Missing { .. }),
        ) => Err(Problem::new(if export.state.is_settled() { Code::Expired } else { Code::NotReady })),
        Err(error) => Err(hidden(&error, error.retryable())),
    }
}

/// The part of a segment, if it is stored.
pub async fn built(
    app: &App,
    export: &Export,
    segment: &PlannedSegment,
    state: &SegmentState,
) -> Result<Option<(StoredPart, PartRecord)>, Problem> {
    let SegmentProgress::Done { .. } = state.progress else { return Ok(None) };
    let stored = StoredPart::of(export, segment, state.attempt);
    let record = stored.finished(app.ports.artifacts.as_ref()).await.map_err(artifact)?;
    Ok(record.map(|record| (stored, record)))
}

/// What the artifacts could not do.
pub fn artifact(error: ArtifactError) -> Problem {
    hidden(&error, error.retryable())
}
