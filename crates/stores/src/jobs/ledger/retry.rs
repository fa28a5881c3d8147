//! Asking again for the segments of a failed export.

use domain::export::{Export, Step};
use domain::ids::ExportId;

use super::{Ledger, promote};
use crate::StoreError;
use crate::jobs::Retried;

/// One write: the export's new state, its failed steps with all attempts before them again, the promotion.
pub fn retry(ledger: &mut impl Ledger, id: ExportId) -> Result<Option<Retried>, StoreError> {
    let Some(mut export) = ledger.export(id)? else { return Ok(None) };
    if !export.retry(ledger.now()) {
        return Ok(Some(Retried::NothingToRetry(export)));
    }
    ledger.save_export(&export)?;
    ledger.release_all(id)?;
    begin_anew(ledger, &export)?;
    promote::promote(ledger)?;
    Ok(Some(Retried::GoesOn(ledger.export(id)?.unwrap_or(export))))
}

/// Attempts keep their numbers, so that late results stay fenced off; the failures behind them count no more.
fn begin_anew(ledger: &mut impl Ledger, export: &Export) -> Result<(), StoreError> {
    let failed = export.resume.iter().flat_map(|segments| segments.retry.keys().copied()).map(Step::Segment);
    for step in failed.chain([Step::Assemble, Step::Notify]) {
        if let Some(mut row) = ledger.step(export.id, step)? {
            (row.record.failures, row.result) = (0, None);
            ledger.save_step(export.id, &row)?;
        }
    }
    Ok(())
}
