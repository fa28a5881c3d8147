//! Reading the plan object of an export from the artifacts.

use std::ops::Range;
use std::sync::Arc;

use artifacts::{ArtifactError, Artifacts, ObjectName};
use bytes::Bytes;
use domain::ids::ExportId;
use domain::owner::Owner;
use tokio::runtime::Handle;

use crate::ReadError;
use crate::plan::{PlanError, PlanReader};

/// Reads a range of a plan object; blocks.
pub type Fetch = Box<dyn FnMut(Range<u64>) -> Result<Vec<u8>, ReadError> + Send>;

/// Plans up to this are read at once (bytes): about 300 segments of as many files.
const WHOLE_BYTES: u64 = 64 << 10;

/// Opens the plan of an export and reads what is wanted of it; a large one by ranges, on a blocking thread.
///
/// # Errors
/// [`PlanError::Missing`] where there is no plan, or none any more.
pub async fn read_plan<T: Send + 'static>(
    artifacts: Arc<dyn Artifacts>,
    owner: &Owner,
    export: ExportId,
    wanted: impl FnOnce(&mut PlanReader<Fetch>) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    let object = ObjectName::plan(owner, export);
    match artifacts.read_whole(&object, WHOLE_BYTES).await {
        Ok(None) => return Err(PlanError::Missing.into()),
        Ok(Some(whole)) => return wanted(&mut PlanReader::open(of_whole(object, whole))?),
        Err(ArtifactError::OutOfRange { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let handle = Handle::current();
    let fetch: Fetch = Box::new(move |range| {
        let bytes = handle.block_on(artifacts.read(&object, range))?;
        Ok(bytes.ok_or(PlanError::Missing)?.to_vec())
    });
    tokio::task::spawn_blocking(move || wanted(&mut PlanReader::open(fetch)?)).await?
}

/// Ranges of a plan that is at hand.
fn of_whole(object: ObjectName, whole: Bytes) -> Fetch {
    Box::new(move |range| {
        let part = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let part = part.and_then(|(start, end)| whole.get(start..end));
        Ok(part.ok_or(ArtifactError::Missing { object: object.clone() })?.to_vec())
    })
}
