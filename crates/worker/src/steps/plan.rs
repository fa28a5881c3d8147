//! Plan: pin the snapshot, cut the range, write the plan object.

use std::collections::BTreeMap;

use artifacts::ObjectName;
use domain::calendar::Span;
use domain::export::{Export, Outcome, PlanFacts};
use domain::time::Day;
use domain::windows::{Slice, cut};
use fail::fail_point;
use lake::table::plan::{Plan, PlannedDay};

use super::{organisation, range, store};
use crate::error::StepError;
use crate::part::{PartKeys, part_key};
use crate::worker::Worker;
use parts::plan::{PlannedSegment, encode};

pub(super) async fn run(worker: &Worker, export: &Export) -> Result<Outcome, StepError> {
    let snapshot = worker.ports.lake.pin(&export.owner, export.id).await?;
    fail_point!("plan.pinned");
    let (plan, segments) = segments(worker, export, snapshot).await?;
    let too_many = |_| StepError::TooManySegments { segments: segments.len() };
    let count = u32::try_from(segments.len()).map_err(too_many)?;
    let facts = PlanFacts { snapshot, segments: count, rows: plan.days.iter().map(|day| day.rows).sum() };
    let object = ObjectName::plan(&export.owner, export.id);
    store(worker.ports.artifacts.as_ref(), &object, encode(&plan, &segments)).await?;
    fail_point!("plan.written");
    Ok(Outcome::Planned(facts))
}

/// What a snapshot holds of the range, and the segments into which it is cut: the same whenever it is asked.
pub(super) async fn segments(
    worker: &Worker,
    export: &Export,
    snapshot: i64,
) -> Result<(Plan, Vec<PlannedSegment>), StepError> {
    let (lake, request, range) = (&worker.ports.lake, &export.request, range(export)?);
    let plan = match range.span().utc_days() {
        Some((first, last)) => lake.plan(snapshot, organisation(export)?, first, last).await?,
        None => Plan { snapshot_id: snapshot, days: Vec::new() },
    };
    let lineage = lake.lineage(snapshot).await?;
    let keys =
        PartKeys { owner: &export.owner, request, lineage: &lineage, only_for: (!request.reuse).then_some(export.id) };
    let rows: BTreeMap<Day, u64> = plan.days.iter().map(|day| (day.day, day.rows)).collect();
    let slices = cut(range, &rows, request.shape.segment_rows_target);
    let key = |slice: &Slice| part_key(keys, slice, touched(&plan.days, slice.span));
    let segments = slices.into_iter().map(|slice| PlannedSegment { key: key(&slice), slice }).collect();
    Ok((plan, segments))
}

/// The days, among those with rows in order, that a span touches.
fn touched(days: &[PlannedDay], span: Span) -> &[PlannedDay] {
    span.utc_days().map_or(&[], |(first, last)| {
        let (start, end) = (days.partition_point(|day| day.day < first), days.partition_point(|day| day.day <= last));
        &days[start..end]
    })
}
