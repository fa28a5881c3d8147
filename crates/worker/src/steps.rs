//! One file per step; what they have in common.

mod assemble;
mod delete;
mod expire;
mod notify;
mod plan;
mod segment;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use artifacts::{ArtifactError, Artifacts, ObjectName};
use bytes::Bytes;
use domain::export::{Export, Lease, Outcome, State, Step};
use parts::plan::{PlanError, PlanReader};
use parts::{Fetch, ReadError};
use tracing::{info, warn};

use crate::error::{StepError, message};
use crate::worker::Worker;

/// Every failpoint of this crate: the durable steps at which a test may kill the process.
pub const FAILPOINTS: &[&str] = &[
    "plan.pinned",
    "plan.written",
    "segment.encoded",
    "segment.recorded",
    "segment.stored",
    "assemble.checked",
    "assemble.stored",
    "notify.written",
    "notify.sent",
    "delete.removed",
];

/// Carries a step out. Whatever happens, there is an outcome to record.
pub(crate) async fn run(worker: &Arc<Worker>, export: &Export, lease: &Lease, stop: Arc<AtomicBool>) -> Outcome {
    info!("step started");
    let result = match lease.step {
        Step::Plan => plan::run(worker, export).await,
        Step::Segment(number) => segment::run(worker, export, lease, number, stop).await,
        Step::Assemble => assemble::run(worker, export).await,
        Step::Notify => notify::run(worker, export, lease).await,
        Step::Expire => expire::run(worker, export).await,
        Step::Delete => delete::run(worker, export).await,
    };
    let outcome = result.unwrap_or_else(|error| not_done(&error));
    if !matches!(outcome, Outcome::Failed { .. } | Outcome::Refused { .. } | Outcome::GivenBack) {
        info!("step done");
    }
    outcome
}

fn not_done(error: &StepError) -> Outcome {
    warn!(error = message(error), "step not done");
    error.outcome()
}

/// What follows from a result at once, and is made good by a later step if it fails.
pub(crate) async fn after(worker: &Worker, export: &Export) {
    // The snapshot is no longer read; the step that removes the export's files lets it go, too.
    if let State::Succeeded { .. } = export.state
        && let Err(error) = worker.ports.lake.unpin(export.id).await
    {
        warn!(error = message(&error), "pin left to a later step");
    }
}

/// An attempt whose result came too late may have pinned the snapshot again after its export was done, or written after the
/// removal of the export's files: both go, too.
pub(crate) async fn too_late(worker: &Worker, lease: &Lease) {
    let removed = match worker.ports.jobs.get(&lease.owner, lease.export).await {
        Ok(Some(export)) if is_over_without_files(&export.state) => delete::remove_all(worker, &export).await,
        Ok(Some(export)) => {
            after(worker, &export).await;
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) => return warn!(error = message(&error), "what a late attempt wrote is left"),
    };
    if let Err(error) = removed {
        warn!(error = message(&error), "what a late attempt wrote is left");
    }
}

const fn is_over_without_files(state: &State) -> bool {
    matches!(state, State::Failed { removal: None, .. } | State::Cancelled { .. } | State::Expired { .. })
}

/// Reads the plan of an export.
pub(crate) async fn read_plan<T: Send + 'static>(
    worker: &Worker,
    export: &Export,
    wanted: impl FnOnce(&mut PlanReader<Fetch>) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, StepError> {
    let artifacts = Arc::clone(&worker.ports.artifacts);
    Ok(parts::read_plan(artifacts, &export.owner, export.id, wanted).await?)
}

/// The same for a step that cannot go on without: a plan that a power cut took, or something damaged, is made again.
pub(crate) async fn read_plan_or_plan_again<T: Send + 'static>(
    worker: &Worker,
    export: &Export,
    wanted: impl Fn(&mut PlanReader<Fetch>) -> Result<T, ReadError> + Clone + Send + 'static,
) -> Result<T, StepError> {
    match read_plan(worker, export, wanted.clone()).await {
        Err(
            error @ (StepError::Plan(PlanError::Missing | PlanError::Damaged(_))
            | StepError::Artifacts(ArtifactError::Missing { .. })),
        ) => {
            warn!(error = message(&error), "plan lost, made again");
            plan::again(worker, export).await?;
            read_plan(worker, export, wanted).await
        }
        read => read,
    }
}

/// Stores an object that only attempts at one step write; what an earlier attempt left with other bytes gives way.
async fn store(artifacts: &dyn Artifacts, name: &ObjectName, bytes: Vec<u8>) -> Result<(), StepError> {
    let bytes = Bytes::from(bytes);
    match artifacts.put(name, bytes.clone()).await {
        Err(ArtifactError::Conflict { .. }) => {
            artifacts.delete(name).await?;
            artifacts.put(name, bytes).await?;
        }
        stored => drop(stored?),
    }
    Ok(())
}

/// Of each segment the attempt whose part counts; where parts are found by what they hold, it does not matter.
async fn attempts(worker: &Worker, export: &Export) -> Result<Vec<u32>, StepError> {
    let count = export.plan.map_or(0, |plan| plan.segments);
    if export.request.dataset.has_content_versions() {
        return Ok(vec![0; count as usize]);
    }
    let segments = worker.ports.jobs.segments(&export.owner, export.id, 0, count).await?;
    Ok(segments.into_iter().map(|segment| segment.attempt).collect())
}
