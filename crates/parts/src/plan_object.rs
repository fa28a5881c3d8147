//! Reading the plan object of an export from the artifacts.

use std::ops::Range;
use std::sync::Arc;

use artifacts::{Artifacts, ObjectName};
use domain::ids::ExportId;
use domain::owner::Owner;
use tokio::runtime::Handle;

use crate::ReadError;
use crate::plan::{PlanError, PlanReader};

/// Reads a range of a plan object; blocks.
pub type Fetch = Box<dyn FnMut(Range<u64>) -> Result<Vec<u8>, ReadError> + Send>;

/// Opens the plan of an export on a blocking thread and reads what is wanted of it.
///
/// # Errors
/// [`PlanError::Missing`] where there is no plan, or none any more.
pub async fn read_plan<T: Send + 'static>(
    artifacts: Arc<dyn Artifacts>,
    owner: &Owner,
    export: ExportId,
    wanted: impl FnOnce(&mut PlanReader<Fetch>) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    let (object, handle) = (ObjectName::plan(owner, export), Handle::current());
    let fetch: Fetch = Box::new(move |range| {
        let bytes = handle.block_on(artifacts.read(&object, range))?;
        Ok(bytes.ok_or(PlanError::Missing)?.to_vec())
    });
    tokio::task::spawn_blocking(move || wanted(&mut PlanReader::open(fetch)?)).await?
}
