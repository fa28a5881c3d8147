//! Segment: build the part of one slice, or find it finished.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::export::{Export, Lease, Outcome};
use domain::time::Day;
use fail::fail_point;
use parts::plan::SegmentPlan;
use parts::{PartRecord, StoredPart};

use super::store;
use crate::error::StepError;
use crate::output::UploadOutput;
use crate::source;
use crate::worker::Worker;

pub(super) async fn run(
    worker: &Arc<Worker>,
    export: &Export,
    lease: &Lease,
    number: u32,
    stop: Arc<AtomicBool>,
) -> Result<Outcome, StepError> {
    let plan = source::of(export.request.dataset).segment(worker, export, number).await?;
    let days = (plan.segment.slice.first_day, plan.segment.slice.last_day);
    Ok(with_days(finish(worker, export, lease, plan, stop).await, days))
}

/// A failure says which days it is about.
fn with_days(result: Result<Outcome, StepError>, of: (Day, Day)) -> Outcome {
    let outcome = result.unwrap_or_else(|error| super::not_done(&error));
    match outcome {
        Outcome::Failed { message, .. } => Outcome::Failed { message, days: Some(of) },
        Outcome::Refused { message, .. } => Outcome::Refused { message, days: Some(of) },
        other => other,
    }
}

async fn finish(
    worker: &Arc<Worker>,
    export: &Export,
    lease: &Lease,
    plan: SegmentPlan,
    stop: Arc<AtomicBool>,
) -> Result<Outcome, StepError> {
    let stored = StoredPart::of(export, &plan.segment, lease.attempt);
    if let Some(record) = stored.finished(worker.ports.artifacts.as_ref()).await? {
        worker.progress.rows_reused(record.rows());
        return Ok(done(&record, true));
    }
    let began = worker.progress.reading();
    let record = build(worker, export, plan, &stored, stop).await?;
    let bytes = record.part.entries.iter().map(|entry| entry.bytes).sum();
    worker.progress.segment_built(began, record.rows(), bytes);
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
    stored: &StoredPart,
    stop: Arc<AtomicBool>,
) -> Result<PartRecord, StepError> {
    let artifacts = worker.ports.artifacts.as_ref();
    // What lies there is left of an attempt that died, or damaged: together with its record it was no finished part.
    stored.discard(artifacts).await?;
    let output = UploadOutput::new(artifacts.begin(&stored.part).await?);
    let source = source::of(export.request.dataset);
    let (record, output) = source.build(worker, export, plan, output, stop).await?;
    fail_point!("segment.encoded");
    store(artifacts, &stored.record, record.to_bytes()).await?;
    fail_point!("segment.recorded");
    worker.lanes.run(|_| output.finish()).await??;
    fail_point!("segment.stored");
    Ok(record)
}
