//! An export as clients see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::export::{ArchiveFile, Export, Failure, Lanes, Phase, Segments, Slot, State, has_come};
use domain::time::{Day, Micros};
use parts::read_plan;
use serde::Serialize;
use utoipa::ToSchema;

use super::request::ExportRequest;
use crate::App;

/// One export: what was asked, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExportView {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// What is exported.
    pub dataset: &'static str,
    /// What was asked, with all defaults.
    pub request: ExportRequest,
    /// `queued`, `running`, `succeeded`, `failed`, `cancelled` or `expired`.
    #[schema(example = "running")]
    pub state: &'static str,
    /// How far it is.
    pub progress: Progress,
    /// What keeps it, while nobody works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waits_for: Option<WaitsFor>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<FailureView>,
    /// What can be fetched.
    pub files: Vec<FileView>,
    /// When it was asked (RFC 3339).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ended, one way or the other.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
    /// When its files are removed.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// Segments to build; none before there is a plan.
    pub segments: Option<u32>,
    /// Segments that are finished.
    pub segments_done: u32,
    /// Rows written.
    pub rows: u64,
    /// Bytes of finished parts.
    pub bytes: u64,
}

/// What an export waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitsFor {
    /// `place`: others of the same owner run; `workers`: all workers are busy; `retry`: something failed and is repeated.
    #[schema(example = "place")]
    pub reason: &'static str,
    /// When it is tried again, of a retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    pub until: Option<String>,
}

/// Why an export failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailureView {
    /// Stable, to be told apart by programs.
    #[schema(example = "step_failed")]
    pub code: &'static str,
    /// What happened, in words.
    pub message: String,
    /// The days that could not be built, in order; none where it was not for single days.
    pub days: Vec<String>,
}

/// A file that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileView {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// CRC-64/NVME of its bytes, 16 hex digits.
    pub crc64nvme: String,
    /// BLAKE3 of its manifest, 64 hex digits.
    pub manifest_blake3: String,
}

impl ExportView {
    /// An export as it is now.
    pub async fn of(app: &App, export: &Export) -> Self {
        let mut view = Self::new(export, app.now(), app.limits().retry_set);
        if let (Some(shown), State::Failed { failure, .. }) = (&mut view.failure, &export.state) {
            shown.days = texts(failed_days(app, export, failure).await);
        }
        view
    }

    /// An export as it is at `now`.
    pub fn new(export: &Export, now: Micros, retry_set: u32) -> Self {
        let (finished_at, expires_at) = ends(&export.state);
        Self {
            id: export.id.to_string(),
            dataset: export.request.dataset.name(),
            request: ExportRequest::from(&export.request),
            state: export.state.name(),
            progress: progress(export),
            waits_for: waits_for(&export.state, now, retry_set),
            failure: match &export.state {
                State::Failed { failure, .. } => Some(FailureView::from(failure)),
                _ => None,
            },
            files: match &export.state {
                State::Succeeded { files, .. } => files.iter().map(FileView::from).collect(),
                _ => Vec::new(),
            },
            created_at: export.created_at.to_string(),
            finished_at: finished_at.map(|at| at.to_string()),
            expires_at: expires_at.map(|at| at.to_string()),
        }
    }
}

fn ends(state: &State) -> (Option<Micros>, Option<Micros>) {
    match state {
        State::Queued | State::Running(_) => (None, None),
        State::Succeeded { finished_at, expires_at, .. } => (Some(*finished_at), Some(*expires_at)),
        State::Failed { finished_at, .. } | State::Cancelled { finished_at, .. } | State::Expired { finished_at } => {
            (Some(*finished_at), None)
        }
    }
}

fn progress(export: &Export) -> Progress {
    let segments = export.plan.map(|plan| plan.segments);
    let segments_done = match &export.state {
        State::Running(Phase::Segments(of) | Phase::Lanes(Lanes { settled: of, .. })) => of.done,
        State::Running(Phase::Assemble(_)) | State::Succeeded { .. } => segments.unwrap_or(0),
        // Parts that were built twice count once.
        _ => (export.built_parts.saturating_add(export.reused_parts)).min(segments.unwrap_or(0)),
    };
    Progress { segments, segments_done, rows: export.rows, bytes: export.bytes }
}

fn waits_for(state: &State, now: Micros, retry_set: u32) -> Option<WaitsFor> {
    let until = match state {
        State::Queued => return Some(WaitsFor { reason: "place", until: None }),
        State::Running(Phase::Plan(slot) | Phase::Assemble(slot)) => match slot {
            Slot::Ready(at) => *at,
            Slot::Leased(_) => return None,
        },
        State::Running(Phase::Segments(of) | Phase::Lanes(Lanes { settled: of, .. })) => claimable_at(of, retry_set)?,
        _ => return None,
    };
    Some(match has_come(until, now) {
        true => WaitsFor { reason: "workers", until: None },
        false => WaitsFor { reason: "retry", until: Some(until.to_string()) },
    })
}

/// When the next segment can be claimed; `None` while somebody works on one.
fn claimable_at(segments: &Segments, retry_set: u32) -> Option<Micros> {
    if segments.leased > 0 {
        return None;
    }
    if segments.takes_new(retry_set) {
        return Some(Micros(0));
    }
    segments.retry.values().min().copied()
}

impl From<&ArchiveFile> for FileView {
    fn from(file: &ArchiveFile) -> Self {
        Self {
            name: file.name.clone(),
            bytes: file.bytes,
            crc64nvme: format!("{:016x}", file.crc64nvme),
            manifest_blake3: hex(&file.manifest_blake3),
        }
    }
}

impl From<&Failure> for FailureView {
    fn from(failure: &Failure) -> Self {
        let days = texts(failure.segments.iter().filter_map(|segment| segment.days));
        Self { code: failure.code.name(), message: failure.message.clone(), days }
    }
}

/// Each day of these spans once, in order.
fn texts(spans: impl IntoIterator<Item = (Day, Day)>) -> Vec<String> {
    let days: BTreeSet<Day> = spans.into_iter().flat_map(|(first, last)| (first.0..=last.0).map(Day)).collect();
    days.into_iter().map(|day| day.to_string()).collect()
}

/// The days of the failed segments; where a record does not know them the plan does, as long as it is there.
async fn failed_days(app: &App, export: &Export, failure: &Failure) -> Vec<(Day, Day)> {
    let mut days: Vec<(Day, Day)> = failure.segments.iter().filter_map(|segment| segment.days).collect();
    let unknown: Vec<u32> =
        failure.segments.iter().filter(|segment| segment.days.is_none()).map(|segment| segment.number).collect();
    if unknown.is_empty() || export.request.range.is_none() {
        return days;
    }
    let planned = read_plan(Arc::clone(&app.ports.artifacts), &export.owner, export.id, move |plan| {
        let mut found = Vec::new();
        for number in unknown {
            found.extend(plan.segments(number..number + 1)?);
        }
        Ok(found)
    });
    match planned.await {
        Ok(segments) => days.extend(segments.iter().map(|segment| (segment.slice.first_day, segment.slice.last_day))),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the days of a failure are not all known");
        }
    }
    days
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(nibble.into(), 16).expect("four bits are one digit"));
        }
        text
    })
}

#[cfg(test)]
mod tests;
