//! Reading the plan object of an export from the artifacts.

use std::ops::Range;
use std::sync::Arc;

use artifacts::{Artifacts, ObjectName};
use domain::export::Export;
use domain::ids::Slug;
use tokio::runtime::Handle;

use crate::error::StepError;
use crate::plan::{PlanError, PlanReader, SegmentPlan};
use crate::worker::Worker;

/// One segment with the files it reads.
pub(crate) async fn segment(
    worker: &Worker,
    export: &Export,
    number: u32,
    organisation: &Slug,
) -> Result<SegmentPlan, StepError> {
    let organisation = organisation.clone();
    read(worker, export, move |plan| plan.segment(number, &organisation)).await
}

type Fetch = Box<dyn FnMut(Range<u64>) -> Result<Vec<u8>, StepError> + Send>;

/// Opens the plan on a blocking thread and reads what is wanted of it.
pub(crate) async fn read<T: Send + 'static>(
    worker: &Worker,
    export: &Export,
    wanted: impl FnOnce(&mut PlanReader<Fetch>) -> Result<T, StepError> + Send + 'static,
) -> Result<T, StepError> {
    let artifacts: Arc<dyn Artifacts> = Arc::clone(&worker.ports.artifacts);
    let (object, handle) = (ObjectName::plan(&export.owner, export.id), Handle::current());
    let fetch: Fetch = Box::new(move |range| {
        let bytes = handle.block_on(artifacts.read(&object, range))?;
        Ok(bytes.ok_or(PlanError::Missing)?.to_vec())
    });
    tokio::task::spawn_blocking(move || wanted(&mut PlanReader::open(fetch)?)).await?
}
