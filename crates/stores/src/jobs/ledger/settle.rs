//! Ending an attempt: by its result, by the death of its worker, or because the export is cancelled.

use domain::export::{Export, Lease, Outcome, Phase, Seen, Settled, State, Step};
use domain::ids::{ExportId, WorkerId};

use super::{Ledger, SegmentResult, StepRow, claim, lanes, promote};
use crate::StoreError;
use crate::jobs::{Recorded, Then};

/// One write: the step, the export's summary, the promotion, and the next step for a worker that goes on.
pub fn record(ledger: &mut impl Ledger, lease: &Lease, outcome: Outcome, then: Then) -> Result<Recorded, StoreError> {
    let Some(export) = ledger.export(lease.export)? else { return Ok(Recorded::Fenced) };
    let row = ledger.step(lease.export, lease.step)?.filter(|row| row.record.is_held_by(lease));
    let Some(row) = row else { return Ok(Recorded::Fenced) };
    let goes_on = (then == Then::GoOn).then_some(lease.worker);
    settle(ledger, export, row, outcome, goes_on)
}

/// One write: the death of a step's holder who did not beat since `seen`.
pub fn take_over(ledger: &mut impl Ledger, id: ExportId, seen: &Seen) -> Result<bool, StoreError> {
    let Some(export) = ledger.export(id)? else { return Ok(false) };
    match ledger.step(id, seen.step)?.filter(|row| row.record.seen() == Some(*seen)) {
        Some(row) => Ok(settle(ledger, export, row, Outcome::Died, None)? != Recorded::Fenced),
        None => Ok(false),
    }
}

/// One write: the export's new state, its steps taken from their holders, the promotion.
pub fn cancel(ledger: &mut impl Ledger, id: ExportId) -> Result<Option<Export>, StoreError> {
    let Some(mut export) = ledger.export(id)? else { return Ok(None) };
    let had_lanes = lanes::has_lanes(&export);
    if export.cancel(ledger.now()) {
        ledger.save_export(&export)?;
        ledger.release_all(id)?;
        if had_lanes {
            lanes::close(ledger, &export)?;
        }
        promote::promote(ledger)?;
    }
    Ok(Some(export))
}

fn settle(
    ledger: &mut impl Ledger,
    mut export: Export,
    mut row: StepRow,
    outcome: Outcome,
    goes_on: Option<WorkerId>,
) -> Result<Recorded, StoreError> {
    let step = row.record.step;
    let gone = matches!(outcome, Outcome::PartsGone { .. });
    let success = match outcome {
        Outcome::SegmentDone { rows, bytes, reused } => Some(SegmentResult::Done { rows, bytes, reused }),
        _ => None,
    };
    let (failures, now, limits) = (row.record.failures, ledger.now(), ledger.limits().clone());
    let mut lane = lanes::of_step(ledger, &export, step)?;
    let settled = match &mut lane {
        Some(lane) => export.record_in_lane(lane, step, failures, outcome, now, &limits),
        None => export.record(step, failures, outcome, now, &limits),
    };
    row.record.worker = None;
    match (&settled, step) {
        (Ok(Settled::Again { failures }), _) => row.record.failures = *failures,
        (Ok(Settled::Done), Step::Segment(_)) => row.result = success.or(Some(SegmentResult::Failed)),
        // A letter about the next end has all its attempts before it.
        (Ok(Settled::Done), _) => row.record.failures = 0,
        (Err(_), _) => {}
    }
    ledger.save_step(export.id, &row)?;
    if settled.is_err() {
        return Ok(Recorded::Fenced);
    }
    if gone {
        forget_results(ledger, &mut export)?;
    }
    let opened = export.split(&limits);
    let next = match (goes_on, &mut lane) {
        (None, _) => None,
        (Some(worker), Some(lane)) if success.is_some() => claim::go_on_in_lane(ledger, &export, lane, worker)?,
        (Some(_), Some(_)) => None,
        (Some(worker), None) => claim::go_on(ledger, &mut export, worker)?,
    };
    match &lane {
        Some(lane) => lanes::save(ledger, &export, lane)?,
        None => lanes::open(ledger, &export, &opened)?,
    }
    if export.state.is_settled() {
        promote::promote(ledger)?;
    }
    Ok(Recorded::Done { export: Box::new(export), next })
}

/// The segments that are built again count anew: their results leave the totals.
fn forget_results(ledger: &mut impl Ledger, export: &mut Export) -> Result<(), StoreError> {
    let State::Running(Phase::Segments(segments)) = &export.state else { return Ok(()) };
    for number in segments.retry.keys() {
        let Some(mut row) = ledger.step(export.id, Step::Segment(*number))? else { continue };
        if let Some(SegmentResult::Done { rows, bytes, reused }) = row.result.take() {
            export.rows = export.rows.saturating_sub(rows);
            export.bytes = export.bytes.saturating_sub(bytes);
            let parts = if reused { &mut export.reused_parts } else { &mut export.built_parts };
            *parts = parts.saturating_sub(1);
            ledger.save_step(export.id, &row)?;
        }
    }
    Ok(())
}
