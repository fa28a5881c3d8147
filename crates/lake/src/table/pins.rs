//! Pins: an export holds the snapshot it reads, and expiry leaves it alone.

use domain::clock::Clock;
use domain::ids::ExportId;
use domain::owner::Owner;

use super::cache::VersionCache;
use super::load::{current_version, live};
use crate::catalog::{Catalog, Pin};
use crate::error::LakeError;

/// How often a pin is written that loses against expiry.
const PIN_ATTEMPTS: u32 = 5;

/// Pins the current snapshot for an export, or confirms the pin it has. Returns the pinned snapshot.
///
/// Expiry has to look for pins in the transaction of its swap. Whichever comes first, this or that, the other sees it:
/// hence the second look here, after the pin is written.
///
/// # Errors
/// `SnapshotGone` if the export was pinned before to a snapshot that has expired since.
pub(crate) async fn pin(
    catalog: &dyn Catalog,
    versions: &VersionCache,
    clock: &dyn Clock,
    owner: &Owner,
    export: ExportId,
) -> Result<i64, LakeError> {
    for _ in 0..PIN_ATTEMPTS {
        let wanted = current_version(catalog, versions).await?.current()?.snapshot_id();
        let pin = Pin { owner: owner.clone(), export, snapshot_id: wanted, pinned_at: clock.now() };
        let pin = catalog.pin(pin).await?;
        match live(&current_version(catalog, versions).await?.metadata, pin.snapshot_id) {
            Ok(_) => return Ok(pin.snapshot_id),
            Err(gone) if pin.snapshot_id != wanted => return Err(gone),
            Err(_) => catalog.unpin(export).await?,
        }
    }
    Err(LakeError::Contention { attempts: PIN_ATTEMPTS })
}

/// Makes sure that an export still has the pin that it was planned with: a power cut may have taken it back.
///
/// # Errors
/// `SnapshotGone` if the snapshot has expired meanwhile.
pub(crate) async fn hold(catalog: &dyn Catalog, versions: &VersionCache, pin: Pin) -> Result<(), LakeError> {
    let (export, snapshot_id) = (pin.export, pin.snapshot_id);
    catalog.pin(pin).await?;
    match live(&current_version(catalog, versions).await?.metadata, snapshot_id) {
        Ok(_) => Ok(()),
        Err(gone) => {
            catalog.unpin(export).await?;
            Err(gone)
        }
    }
}
