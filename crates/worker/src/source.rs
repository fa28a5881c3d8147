//! Where the rows of a dataset come from: one file per dataset, so that the steps know none of them.

mod memberships;
mod messages;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use domain::dataset::Dataset;
use domain::export::Export;
use domain::time::Day;
use lake::table::plan::Plan;
use parts::PartRecord;
use parts::plan::{PlannedSegment, SegmentPlan};

use crate::error::StepError;
use crate::output::UploadOutput;
use crate::worker::Worker;

/// What the steps ask of a dataset.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Fixes what the export reads from its first step to its last; the snapshot's number, where there are any.
    async fn pin(&self, worker: &Worker, export: &Export) -> Result<i64, StepError>;

    /// Makes sure that what the export was planned with is still fixed.
    async fn hold(&self, worker: &Worker, export: &Export) -> Result<(), StepError>;

    /// What is there, and the segments into which it is cut: for one snapshot the same whenever it is asked.
    async fn plan(
        &self,
        worker: &Worker,
        export: &Export,
        snapshot: i64,
    ) -> Result<(Plan, Vec<PlannedSegment>), StepError>;

    /// Reads one segment of the export's plan object.
    async fn segment(&self, worker: &Worker, export: &Export, number: u32) -> Result<SegmentPlan, StepError>;

    /// Builds the part of a segment; its record is complete when the output is. Ends early once `stop` is set.
    async fn build(
        &self,
        worker: &Arc<Worker>,
        export: &Export,
        plan: SegmentPlan,
        output: UploadOutput,
        stop: Arc<AtomicBool>,
    ) -> Result<(PartRecord, UploadOutput), StepError>;

    /// Whether the parts together hold what the snapshot holds, given its rows of each UTC day.
    fn reconcile(&self, export: &Export, days: Vec<(Day, u64)>, records: &[PartRecord]) -> Result<(), StepError>;
}

/// The source of a dataset.
pub(crate) fn of(dataset: Dataset) -> &'static dyn Source {
    match dataset {
        Dataset::Messages => &messages::Messages,
        Dataset::Memberships => &memberships::OfUser,
    }
}
