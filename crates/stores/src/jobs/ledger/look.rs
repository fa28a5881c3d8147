//! Looking for steps whose holder may be gone.

use domain::export::Seen;
use domain::ids::ExportId;
use domain::limits::Limits;

use super::Ledger;
use crate::StoreError;
use crate::jobs::LOOK_LIMIT;

/// One write: what is held in exports whose look is due, and when their next look is.
pub fn look(ledger: &mut impl Ledger) -> Result<Vec<(ExportId, Seen)>, StoreError> {
    let next_look = ledger.now().plus(heartbeat_micros(ledger.limits()));
    let mut found = Vec::new();
    for id in ledger.due()? {
        let mut export = match ledger.export(id) {
            Ok(Some(export)) if export.look_at().is_some_and(|at| at <= ledger.now()) => export,
            Ok(_) | Err(StoreError::TooNew { .. } | StoreError::Corrupt { .. }) => continue,
            Err(error) => return Err(error),
        };
        let room = LOOK_LIMIT.saturating_sub(found.len() as u32);
        if room == 0 {
            break;
        }
        let held = ledger.held(id, room)?;
        found.extend(held.iter().filter_map(|row| row.record.seen()).map(|seen| (id, seen)));
        export.looked(next_look);
        ledger.save_export(&export)?;
    }
    Ok(found)
}

fn heartbeat_micros(limits: &Limits) -> i64 {
    i64::try_from(limits.heartbeat_milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000)
}
