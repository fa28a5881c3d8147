//! Claiming steps of the export that was served least recently.

use domain::export::{Export, Lease, Step, StepRecord, next_step};
use domain::ids::{ExportId, WorkerId};

use super::{Ledger, StepRow};
use crate::StoreError;
use crate::jobs::Claimed;

/// One write: the export's summary and each claimed step under its next attempt.
pub fn claim(ledger: &mut impl Ledger, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
    let mut waiting = ledger.due()?.into_iter();
    let Some(mut export) = next_claimable(ledger, &mut waiting)?.filter(|_| room > 0) else { return Ok(None) };
    let claim = export.claim(ledger.now(), room, &ledger.limits().clone());
    export.served = ledger.next_serving()?;
    let mut leases = Vec::with_capacity(claim.steps.len());
    for step in claim.steps {
        leases.push(lease(ledger, export.id, step, worker)?);
    }
    ledger.save_export(&export)?;
    let more = claim.more || more_waits(ledger, &mut waiting)?;
    Ok(Some(Claimed { export, leases, more }))
}

/// The next export with something to claim; one that cannot be read is passed over, and reported if nothing else is.
fn next_claimable(
    ledger: &mut impl Ledger,
    waiting: &mut impl Iterator<Item = ExportId>,
) -> Result<Option<Export>, StoreError> {
    let mut unreadable = None;
    for id in waiting {
        match ledger.export(id) {
            Ok(Some(export)) if next_step(&export, ledger.now(), ledger.limits()).is_some() => return Ok(Some(export)),
            Ok(_) => {}
            Err(error @ (StoreError::TooNew { .. } | StoreError::Corrupt { .. })) => unreadable = Some(error),
            Err(error) => return Err(error),
        }
    }
    unreadable.map_or(Ok(None), Err)
}

/// An export that only a newer program can read is something for the next claim, too: perhaps a newer worker makes it.
fn more_waits(ledger: &mut impl Ledger, waiting: &mut impl Iterator<Item = ExportId>) -> Result<bool, StoreError> {
    match next_claimable(ledger, waiting) {
        Ok(found) => Ok(found.is_some()),
        Err(StoreError::TooNew { .. }) => Ok(true),
        Err(StoreError::Corrupt { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn lease(ledger: &mut impl Ledger, id: ExportId, step: Step, worker: WorkerId) -> Result<Lease, StoreError> {
    let before = ledger.step(id, step)?.map_or(StepRecord::unclaimed(step), |row| row.record);
    let record = before.claimed_by(worker);
    ledger.save_step(id, &StepRow { record, beat_at: ledger.now(), result: None })?;
    Ok(Lease { owner: ledger.owner().clone(), export: id, step, attempt: record.attempt, worker })
}
