//! Creating an export: once per key, within the day's limit, running at once if a place is free.

use domain::export::Export;

use super::{KeptKey, Ledger, promote};
use crate::StoreError;
use crate::jobs::{Created, IdempotencyKey, NewExport};

/// One write: the export, its key, the day's counter, the promotion.
pub fn create(ledger: &mut impl Ledger, new: NewExport) -> Result<Created, StoreError> {
    if let Some(known) = known(ledger, &new)? {
        return Ok(known);
    }
    if let Some(limit) = new.per_day_limit {
        let today = ledger.now().utc_day();
        if ledger.created_on(today)? >= limit {
            return Ok(Created::TooManyToday);
        }
        ledger.count_created(today)?;
    }
    if let Some(key) = &new.idempotency {
        keep(ledger, key, &new)?;
    }
    let fresh = Export::new(new.id, new.owner, new.request, ledger.now());
    let export = Export { requested_by: new.requested_by, ..fresh };
    ledger.save_export(&export)?;
    promote::promote(ledger)?;
    Ok(Created::New(ledger.export(new.id)?.unwrap_or(export)))
}

/// The export that the same call made before, by id (the answer was lost) or by key.
fn known(ledger: &mut impl Ledger, new: &NewExport) -> Result<Option<Created>, StoreError> {
    if let Some(export) = ledger.export(new.id)? {
        let same = export.request == new.request;
        return Ok(Some(if same { Created::Known(export) } else { Created::KeyConflict }));
    }
    let Some(key) = &new.idempotency else { return Ok(None) };
    let Some(kept) = ledger.kept(key)?.filter(|kept| ledger.now() < kept.keep_until) else { return Ok(None) };
    // A purged export takes its key with it.
    let Some(export) = ledger.export(kept.export)? else { return Ok(None) };
    Ok(Some(if kept.request_hash == key.request_hash { Created::Known(export) } else { Created::KeyConflict }))
}

fn keep(ledger: &mut impl Ledger, key: &IdempotencyKey, new: &NewExport) -> Result<(), StoreError> {
    let keep_until = ledger.now().plus_seconds(ledger.limits().idempotency_seconds);
    ledger.keep(key, &KeptKey { request_hash: key.request_hash, export: new.id, keep_until })
}
