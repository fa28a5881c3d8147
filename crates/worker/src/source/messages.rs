//! Messages of an organisation: a pinned snapshot of the lake, cut by days.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use domain::calendar::{DateRange, Span};
use domain::export::Export;
use domain::ids::Slug;
use domain::owner::Owner;
use domain::time::Day;
use domain::windows::{Slice, cut};
use lake::read::{Columns, ReadLimits, ReadRequest};
use lake::table::plan::{Plan, PlannedDay};
use parts::PartRecord;
use parts::plan::{PlanError, PlannedSegment, SegmentPlan};

use super::Source;
use crate::error::StepError;
use crate::lanes::Reader;
use crate::output::UploadOutput;
use crate::part::{Build, PartKeys, part_key};
use crate::reconcile::Reconciler;
use crate::steps::read_plan_or_plan_again;
use crate::worker::Worker;

pub(super) struct Messages;

#[async_trait]
impl Source for Messages {
    async fn pin(&self, worker: &Worker, export: &Export) -> Result<i64, StepError> {
        Ok(worker.ports.lake.pin(&export.owner, export.id).await?)
    }

    async fn hold(&self, worker: &Worker, export: &Export) -> Result<(), StepError> {
        let plan = export.plan.ok_or(PlanError::Missing)?;
        Ok(worker.ports.lake.hold(&export.owner, export.id, plan.snapshot).await?)
    }

    async fn plan(
        &self,
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
        let only_for = (!request.reuse).then_some(export.id);
        let keys = PartKeys { owner: &export.owner, request, lineage: &lineage, only_for };
        let rows: BTreeMap<Day, u64> = plan.days.iter().map(|day| (day.day, day.rows)).collect();
        let slices = cut(range, &rows, request.shape.segment_rows_target);
        let key = |slice: &Slice| part_key(keys, slice, touched(&plan.days, slice.span));
        let segments = slices.into_iter().map(|slice| PlannedSegment { key: key(&slice), slice }).collect();
        Ok((plan, segments))
    }

    async fn segment(&self, worker: &Worker, export: &Export, number: u32) -> Result<SegmentPlan, StepError> {
        let organisation = organisation(export)?.clone();
        read_plan_or_plan_again(worker, export, move |plan| plan.segment(number, &organisation)).await
    }

    async fn build(
        &self,
        worker: &Arc<Worker>,
        export: &Export,
        plan: SegmentPlan,
        output: UploadOutput,
        stop: Arc<AtomicBool>,
    ) -> Result<(PartRecord, UploadOutput), StepError> {
        self.hold(worker, export).await?;
        let read = read_request(worker, export, &plan, organisation(export)?.clone());
        let (request, builder) = (export.request.clone(), Arc::clone(worker));
        let encode = move |reader: &Reader| {
            let build =
                Build { request: &request, slice: &plan.segment.slice, progress: &builder.progress, stop: &stop };
            build.run(reader, read, output)
        };
        Ok(worker.lanes.run(encode).await??)
    }

    fn reconcile(&self, export: &Export, days: Vec<(Day, u64)>, records: &[PartRecord]) -> Result<(), StepError> {
        let mut reconciler = Reconciler::new(range(export)?.span(), days.into_iter().collect());
        for record in records {
            reconciler.take_part(record)?;
        }
        Ok(reconciler.finish()?)
    }
}

fn read_request(worker: &Worker, export: &Export, plan: &SegmentPlan, organisation: Slug) -> ReadRequest {
    let span = plan.segment.slice.span;
    ReadRequest {
        store: worker.ports.lake.blocks(),
        organisation,
        files: plan.days.iter().flat_map(|day| day.files.iter().cloned()).collect(),
        start: span.start,
        end: span.end,
        filter: export.request.filter.clone(),
        columns: Columns::asked(export.request.columns.indexes()),
        spill_folder: worker.scratch.clone(),
        limits: ReadLimits { memory_bytes: worker.options.read_bytes(export), ..ReadLimits::default() },
    }
}

/// The days, among those with rows in order, that a span touches.
fn touched(days: &[PlannedDay], span: Span) -> &[PlannedDay] {
    span.utc_days().map_or(&[], |(first, last)| {
        let (start, end) = (days.partition_point(|day| day.day < first), days.partition_point(|day| day.day <= last));
        &days[start..end]
    })
}

/// The days that an export of messages covers.
fn range(export: &Export) -> Result<&DateRange, StepError> {
    // Requests are checked at the door; a record without is not ours to guess at.
    export.request.range.as_ref().ok_or_else(|| PlanError::Damaged("messages are asked for by days").into())
}

/// The organisation whose messages an export reads.
fn organisation(export: &Export) -> Result<&Slug, StepError> {
    match &export.owner {
        Owner::Organisation(slug) => Ok(slug),
        Owner::User(_) => Err(PlanError::Damaged("messages belong to an organisation").into()),
    }
}
