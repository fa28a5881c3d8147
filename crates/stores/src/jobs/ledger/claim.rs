//! Claiming steps of the export that was served least recently.

use std::vec;

use domain::export::{Export, Lease, Step, StepRecord, next_step};
use domain::ids::{ExportId, WorkerId};

use super::{Ledger, StepRow};
use crate::StoreError;
use crate::jobs::Claimed;

/// One write: the export's summary and each claimed step under its next attempt.
pub fn claim(ledger: &mut impl Ledger, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
    if room == 0 {
        return Ok(None);
    }
    let mut search = Search { due: ledger.due()?.into_iter(), unreadable: None };
    let Some(mut export) = search.next(ledger)? else { return search.unreadable.map_or(Ok(None), Err) };
    let claim = export.claim(ledger.now(), room, &ledger.limits().clone());
    export.served = ledger.next_serving()?;
    let mut leases = Vec::with_capacity(claim.steps.len());
    for step in claim.steps {
        leases.push(lease(ledger, export.id, step, worker)?);
    }
    ledger.save_export(&export)?;
    let more = claim.more || search.next(ledger)?.is_some() || search.found_newer();
    Ok(Some(Claimed { export, leases, more }))
}

/// Part of the write that records a result: the next step of a small export for the worker that goes on with it.
pub(super) fn go_on(
    ledger: &mut impl Ledger,
    export: &mut Export,
    worker: WorkerId,
) -> Result<Option<Lease>, StoreError> {
    let step = export.go_on(ledger.now(), &ledger.limits().clone());
    step.map(|step| lease(ledger, export.id, step, worker)).transpose()
}

/// Looks through the due exports of an owner. One that cannot be read is passed over, so that it does not stop the
/// others.
struct Search {
    due: vec::IntoIter<ExportId>,
    unreadable: Option<StoreError>,
}

impl Search {
    /// The next export with something to claim.
    fn next(&mut self, ledger: &mut impl Ledger) -> Result<Option<Export>, StoreError> {
        for id in self.due.by_ref() {
            match ledger.export(id) {
                Ok(Some(export)) if next_step(&export, ledger.now(), ledger.limits()).is_some() => {
                    return Ok(Some(export));
                }
                Ok(_) => {}
                Err(error @ StoreError::TooNew { .. }) => self.unreadable = Some(error),
                Err(error @ StoreError::Corrupt { .. }) => self.unreadable = self.unreadable.take().or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// An export of a newer program is something for the next claim: perhaps it is a newer worker that makes it.
    const fn found_newer(&self) -> bool {
        matches!(self.unreadable, Some(StoreError::TooNew { .. }))
    }
}

fn lease(ledger: &mut impl Ledger, id: ExportId, step: Step, worker: WorkerId) -> Result<Lease, StoreError> {
    let before = ledger.step(id, step)?.map_or(StepRecord::unclaimed(step), |row| row.record);
    let record = before.claimed_by(worker);
    ledger.save_step(id, &StepRow { record, beat_at: ledger.now(), result: None })?;
    Ok(Lease { owner: ledger.owner().clone(), export: id, step, attempt: record.attempt, worker })
}
