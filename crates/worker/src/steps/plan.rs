//! Plan: pin the snapshot, cut the range, write the plan object.

use artifacts::ObjectName;
use domain::export::{Export, Outcome, PlanFacts};
use fail::fail_point;
use parts::plan::encode;

use super::store;
use crate::error::StepError;
use crate::source;
use crate::worker::Worker;

pub(super) async fn run(worker: &Worker, export: &Export) -> Result<Outcome, StepError> {
    let source = source::of(export.request.dataset);
    let snapshot = source.pin(worker, export).await?;
    fail_point!("plan.pinned");
    let (plan, segments) = source.plan(worker, export, snapshot).await?;
    let too_many = |_| StepError::TooManySegments { segments: segments.len() };
    let count = u32::try_from(segments.len()).map_err(too_many)?;
    let facts = PlanFacts { snapshot, segments: count, rows: plan.days.iter().map(|day| day.rows).sum() };
    let object = ObjectName::plan(&export.owner, export.id);
    store(worker.ports.artifacts.as_ref(), &object, encode(&plan, &segments)).await?;
    fail_point!("plan.written");
    Ok(Outcome::Planned(facts))
}
