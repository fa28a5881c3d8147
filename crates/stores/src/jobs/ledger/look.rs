//! Looking for steps whose holder may be gone.

use domain::export::{Export, Seen};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::time::Micros;

use super::{Ledger, lanes};
use crate::StoreError;
use crate::jobs::LOOK_LIMIT;

/// Most exports and lanes whose look one write puts off.
const LOOKED_LIMIT: usize = 64;

/// One write: what is held in exports and lanes whose look is due, and when their next look is.
pub fn look(ledger: &mut impl Ledger) -> Result<Vec<(ExportId, Seen)>, StoreError> {
    let mut look = Look { next: ledger.now().plus(heartbeat_micros(ledger.limits())), looked: 0, found: Vec::new() };
    for (_, id) in ledger.due()? {
        let looked = match ledger.export(id) {
            Ok(Some(export)) if lanes::has_lanes(&export) => look.at_lanes(ledger, &export),
            Ok(Some(export)) => look.at(ledger, export),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match looked {
            Ok(()) | Err(StoreError::TooNew { .. } | StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(look.found)
}

struct Look {
    /// When the next one is due.
    next: Micros,
    looked: usize,
    found: Vec<(ExportId, Seen)>,
}

impl Look {
    fn at(&mut self, ledger: &mut impl Ledger, mut export: Export) -> Result<(), StoreError> {
        if export.look_at().is_none_or(|at| at > ledger.now()) || !self.has_room() {
            return Ok(());
        }
        self.take(ledger, &export, None)?;
        export.looked(self.next);
        ledger.save_export(&export)
    }

    fn at_lanes(&mut self, ledger: &mut impl Ledger, export: &Export) -> Result<(), StoreError> {
        for number in 0..export.lanes {
            let Some(mut lane) = ledger.lane(export.id, number)? else { continue };
            if lane.segments.leased > 0 && lane.segments.look_at <= ledger.now() && self.has_room() {
                self.take(ledger, export, Some(number))?;
                lane.segments.look_at = self.next;
                ledger.save_lane(export, &lane)?;
            }
        }
        Ok(())
    }

    const fn has_room(&self) -> bool {
        self.looked < LOOKED_LIMIT && self.found.len() < LOOK_LIMIT as usize
    }

    fn take(&mut self, ledger: &mut impl Ledger, export: &Export, lane: Option<u32>) -> Result<(), StoreError> {
        self.looked += 1;
        let held = ledger.held(export, lane, LOOK_LIMIT - self.found.len() as u32)?;
        self.found.extend(held.iter().filter_map(|row| row.record.seen()).map(|seen| (export.id, seen)));
        Ok(())
    }
}

fn heartbeat_micros(limits: &Limits) -> i64 {
    i64::try_from(limits.heartbeat_milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000)
}
