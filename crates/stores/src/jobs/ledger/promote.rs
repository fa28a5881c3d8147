//! Giving free places to waiting exports, as part of the write that freed them.

use super::{Ledger, lanes};
use crate::StoreError;

/// Promotes the oldest waiting exports while places are free. What runs is counted and not read, whoever wrote it.
pub(super) fn promote(ledger: &mut impl Ledger) -> Result<(), StoreError> {
    let (mut places, mut last) = (free_places(ledger)?, None);
    while places > 0 {
        let Some(id) = ledger.next_waiting(last)? else { return Ok(()) };
        last = Some(id);
        match ledger.export(id) {
            Ok(Some(mut export)) => {
                export.promote(ledger.now());
                let opened = export.split(&ledger.limits().clone());
                lanes::open(ledger, &export, &opened)?;
                places -= 1;
                // A write takes the lanes of one; those behind it follow with the next end of an export.
                if lanes::has_lanes(&export) {
                    return Ok(());
                }
            }
            // Those behind one that cannot be read do not wait for it.
            Ok(None) | Err(StoreError::TooNew { .. } | StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn free_places(ledger: &mut impl Ledger) -> Result<u32, StoreError> {
    Ok(ledger.limits().running_exports_per_organisation.saturating_sub(ledger.running()?))
}
