//! Delete: what a failed, cancelled or deleted export left.

use artifacts::{ArtifactError, ObjectName, Prefix};
use domain::export::{Export, Outcome};
use fail::fail_point;
use lake::LakeError;

use super::{attempts, read_plan};
use crate::error::StepError;
use crate::source;
use crate::worker::Worker;
use parts::StoredPart;
use parts::plan::PlanError;

/// Objects listed at a time.
const PAGE: usize = 1_000;

pub(super) async fn run(worker: &Worker, export: &Export) -> Result<Outcome, StepError> {
    remove_all(worker, export).await?;
    Ok(Outcome::Removed)
}

/// Removes archives, the parts that are this export's alone, the plan and the pin; what is gone already is fine.
///
/// Parts that others may reuse stay: they are the owner's cache.
pub(super) async fn remove_all(worker: &Worker, export: &Export) -> Result<(), StepError> {
    let artifacts = worker.ports.artifacts.as_ref();
    let archives = Prefix::ArchivesOf(export.owner.clone(), export.id);
    loop {
        let page = artifacts.list(&archives, None, PAGE).await?;
        for archive in &page {
            artifacts.delete(archive).await?;
        }
        if page.len() < PAGE {
            break;
        }
    }
    if !export.request.reuse || !export.request.dataset.has_content_versions() {
        remove_parts(worker, export).await?;
    }
    artifacts.delete(&ObjectName::plan(&export.owner, export.id)).await?;
    fail_point!("delete.removed");
    worker.ports.lake.unpin(export.id).await?;
    Ok(())
}

async fn remove_parts(worker: &Worker, export: &Export) -> Result<(), StepError> {
    let Some(facts) = export.plan else { return Ok(()) };
    let segments = match read_plan(worker, export, move |plan| plan.segments(0..facts.segments)).await {
        Err(
            StepError::Plan(PlanError::Missing | PlanError::Damaged(_))
            | StepError::Artifacts(ArtifactError::Missing { .. }),
        ) => {
            // Gone with an earlier removal, or damaged: the snapshot says the same again, as long as it is there.
            match source::of(export.request.dataset).plan(worker, export, facts.snapshot).await {
                Err(StepError::Lake(LakeError::SnapshotGone(_))) => return Ok(()),
                planned => planned?.1,
            }
        }
        read => read?,
    };
    for (segment, last) in segments.iter().zip(attempts(worker, export).await?) {
        // Where attempts do not count, all of them are one part.
        for attempt in last.min(1)..=last {
            StoredPart::of(export, segment, attempt).discard(worker.ports.artifacts.as_ref()).await?;
        }
    }
    Ok(())
}
