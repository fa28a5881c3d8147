//! The lanes of large exports, as part of the writes that open and close them.

use domain::export::{Export, Lane, Phase, State, Step};

use super::Ledger;
use crate::StoreError;

/// Writes an export with the lanes that it has come to, if any.
pub(super) fn open(ledger: &mut impl Ledger, export: &Export, lanes: &[Lane]) -> Result<(), StoreError> {
    ledger.save_export(export)?;
    lanes.iter().try_for_each(|lane| ledger.save_lane(export, lane))
}

/// Writes a lane; once it is over the export has taken it in, and is written instead.
pub(super) fn save(ledger: &mut impl Ledger, export: &Export, lane: &Lane) -> Result<(), StoreError> {
    if export.is_over(lane, &ledger.limits().clone()) {
        ledger.save_export(export)?;
        ledger.remove_lane(export, lane.number)
    } else {
        ledger.save_lane(export, lane)
    }
}

/// The lane in which a step is counted now.
pub(super) fn of_step(ledger: &mut impl Ledger, export: &Export, step: Step) -> Result<Option<Lane>, StoreError> {
    match export.lane_of(step).filter(|_| has_lanes(export)) {
        Some(number) => ledger.lane(export.id, number),
        None => Ok(None),
    }
}

/// Removes all lanes of an export that goes on without them.
pub(super) fn close(ledger: &mut impl Ledger, export: &Export) -> Result<(), StoreError> {
    (0..export.lanes).try_for_each(|number| ledger.remove_lane(export, number))
}

pub(super) const fn has_lanes(export: &Export) -> bool {
    matches!(export.state, State::Running(Phase::Lanes(_)))
}
