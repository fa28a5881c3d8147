//! Plan: pin the snapshot, cut the range, write the plan object.

use std::collections::BTreeMap;

use artifacts::ObjectName;
use domain::calendar::Span;
use domain::export::{Export, Outcome, PlanFacts};
use domain::time::Day;
use domain::windows::cut;
use fail::fail_point;
use lake::table::plan::{Plan, PlannedDay};

use super::{organisation, store};
use crate::error::StepError;
use crate::part::{PartKeys, part_key};
use crate::plan::{PlannedSegment, encode};
use crate::worker::Worker;

pub(super) async fn run(worker: &Worker, export: &Export) -> Result<Outcome, StepError> {
    let (lake, request) = (&worker.ports.lake, &export.request);
    let snapshot = lake.pin(export.id).await?;
    fail_point!("plan.pinned");
    let plan = match request.range.span().utc_days() {
        Some((first, last)) => lake.plan(snapshot, organisation(export)?, first, last).await?,
        None => Plan { snapshot_id: snapshot, days: Vec::new() },
    };
    let lineage = lake.lineage(snapshot).await?;
    let keys = PartKeys {
        owner: &export.owner,
        request,
        lineage: &lineage,
        sha256: worker.options.sha256,
        only_for: (!request.reuse).then_some(export.id),
    };
    let rows: BTreeMap<Day, u64> = plan.days.iter().map(|day| (day.day, day.rows)).collect();
    let slices = cut(&request.range, &rows, worker.options.limits.segment_rows_target);
    let segments: Vec<_> = slices
        .into_iter()
        .map(|slice| PlannedSegment { key: part_key(keys, &slice, touched(&plan.days, slice.span)), slice })
        .collect();
    let too_many = |_| StepError::TooManySegments { segments: segments.len() };
    let facts =
        PlanFacts { snapshot, segments: u32::try_from(segments.len()).map_err(too_many)?, rows: rows.values().sum() };
    let object = ObjectName::plan(&export.owner, export.id);
    store(worker.ports.artifacts.as_ref(), &object, encode(&plan, &segments)).await?;
    fail_point!("plan.written");
    Ok(Outcome::Planned(facts))
}

/// The days, among those with rows in order, that a span touches.
fn touched(days: &[PlannedDay], span: Span) -> &[PlannedDay] {
    span.utc_days().map_or(&[], |(first, last)| {
        let (start, end) = (days.partition_point(|day| day.day < first), days.partition_point(|day| day.day <= last));
        &days[start..end]
    })
}
