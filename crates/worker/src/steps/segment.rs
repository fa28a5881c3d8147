//! Segment: build the part of one slice, or find it finished.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::export::{Export, Outcome};
use domain::ids::Slug;
use fail::fail_point;
use lake::read::{ReadLimits, ReadRequest};

use super::{organisation, store};
use crate::error::StepError;
use crate::lanes::Reader;
use crate::output::UploadOutput;
use crate::part::{Build, PartRecord, StoredPart};
use crate::plan::SegmentPlan;
use crate::plan_object;
use crate::worker::Worker;

pub(super) async fn run(
    worker: &Arc<Worker>,
    export: &Export,
    number: u32,
    stop: Arc<AtomicBool>,
) -> Result<Outcome, StepError> {
    let organisation = organisation(export)?.clone();
    let plan = plan_object::segment(worker, export, number, &organisation).await?;
    let stored = StoredPart::of(export, &plan.segment);
    if let Some(record) = stored.finished(worker.ports.artifacts.as_ref()).await? {
        worker.progress.rows_reused(record.rows());
        return Ok(done(&record, true));
    }
    let record = build(worker, export, plan, organisation, &stored, stop).await?;
    worker.progress.bytes_stored(record.part.total_bytes);
    Ok(done(&record, false))
}

fn done(record: &PartRecord, reused: bool) -> Outcome {
    Outcome::SegmentDone { rows: record.rows(), bytes: record.part.total_bytes, reused }
}

async fn build(
    worker: &Arc<Worker>,
    export: &Export,
    plan: SegmentPlan,
    organisation: Slug,
    stored: &StoredPart,
    stop: Arc<AtomicBool>,
) -> Result<PartRecord, StepError> {
    let artifacts = worker.ports.artifacts.as_ref();
    // What lies there is left of an attempt that died, or damaged: together with its record it was no finished part.
    stored.discard(artifacts).await?;
    let upload = artifacts.begin(&stored.part).await?;
    let read = read_request(worker, export, &plan, organisation);
    let (request, builder) = (export.request.clone(), Arc::clone(worker));
    let encode = move |reader: &Reader| {
        let build = Build { request: &request, slice: &plan.segment.slice, progress: &builder.progress, stop: &stop };
        build.run(reader, read, UploadOutput::new(upload))
    };
    let (record, output) = worker.lanes.run(encode).await??;
    fail_point!("segment.encoded");
    store(artifacts, &stored.record, record.to_bytes()).await?;
    fail_point!("segment.recorded");
    worker.lanes.run(|_| output.finish()).await??;
    fail_point!("segment.stored");
    Ok(record)
}

fn read_request(worker: &Worker, export: &Export, plan: &SegmentPlan, organisation: Slug) -> ReadRequest {
    let span = plan.segment.slice.span;
    ReadRequest {
        organisation,
        files: plan.days.iter().flat_map(|day| day.files.iter().cloned()).collect(),
        start: span.start,
        end: span.end,
        filter: export.request.filter.clone(),
        spill_folder: worker.scratch.clone(),
        limits: ReadLimits {
            memory_bytes: worker.options.memory_bytes / worker.options.slots.max(1) as usize,
            ..ReadLimits::default()
        },
    }
}
