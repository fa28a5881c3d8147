//! Expire: the files of a finished export have lived their time.

use domain::export::{Export, Outcome};

use super::delete::remove_all;
use crate::error::StepError;
use crate::worker::Worker;

pub(super) async fn run(worker: &Worker, export: &Export) -> Result<Outcome, StepError> {
    remove_all(worker, export).await?;
    Ok(Outcome::Removed)
}
