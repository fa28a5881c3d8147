//! Giving free places to waiting exports, as part of the write that freed them.

use domain::export::next_to_promote;
use domain::limits::Limits;

use super::Ledger;
use crate::StoreError;

/// Promotes the oldest waiting exports while places are free.
pub(super) fn promote(ledger: &mut impl Ledger) -> Result<(), StoreError> {
    let (mut exports, mut unreadable) = (Vec::new(), 0);
    for id in ledger.unsettled()? {
        match ledger.export(id) {
            Ok(export) => exports.extend(export),
            // It may be running, so it counts as a place that is taken.
            Err(StoreError::TooNew { .. } | StoreError::Corrupt { .. }) => unreadable += 1,
            Err(error) => return Err(error),
        }
    }
    let places = ledger.limits().running_exports_per_organisation.saturating_sub(unreadable);
    let limits = Limits { running_exports_per_organisation: places, ..ledger.limits().clone() };
    while let Some(id) = next_to_promote(exports.iter(), &limits).map(|export| export.id) {
        for export in exports.iter_mut().filter(|export| export.id == id) {
            export.promote(ledger.now());
            ledger.save_export(export)?;
        }
    }
    Ok(())
}
