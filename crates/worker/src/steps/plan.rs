//! Plan: pin the snapshot, cut the range, write the plan object.

use artifacts::ObjectName;
use domain::export::{Export, Outcome, PlanFacts};
use fail::fail_point;
use parts::plan::{PlanError, encode};

use super::store;
use crate::error::StepError;
use crate::source;
use crate::worker::Worker;

pub(super) async fn run(worker: &Worker, export: &Export) -> Result<Outcome, StepError> {
    let snapshot = source::of(export.request.dataset).pin(worker, export).await?;
    fail_point!("plan.pinned");
    let (facts, bytes) = make(worker, export, snapshot).await?;
    store(worker.ports.artifacts.as_ref(), &ObjectName::plan(&export.owner, export.id), bytes).await?;
    fail_point!("plan.written");
    Ok(Outcome::Planned(facts))
}

/// Writes the plan object anew that the export has been cut by: its snapshot says the same as then.
pub(super) async fn again(worker: &Worker, export: &Export) -> Result<(), StepError> {
    let known = export.plan.ok_or(PlanError::Missing)?;
    source::of(export.request.dataset).hold(worker, export).await?;
    let (facts, bytes) = make(worker, export, known.snapshot).await?;
    if facts != known {
        return Err(PlanError::Damaged("made again it is another one").into());
    }
    // In place of what is left of the old one, in one go: another segment may be doing the same.
    let mut upload = worker.ports.artifacts.begin(&ObjectName::plan(&export.owner, export.id)).await?;
    worker.lanes.run(move |_| upload.append(&bytes).and_then(|()| upload.finish())).await??;
    Ok(())
}

async fn make(worker: &Worker, export: &Export, snapshot: i64) -> Result<(PlanFacts, Vec<u8>), StepError> {
    let (plan, segments) = source::of(export.request.dataset).plan(worker, export, snapshot).await?;
    let too_many = |_| StepError::TooManySegments { segments: segments.len() };
    let count = u32::try_from(segments.len()).map_err(too_many)?;
    let facts = PlanFacts { snapshot, segments: count, rows: plan.days.iter().map(|day| day.rows).sum() };
    Ok((facts, encode(&plan, &segments)))
}
