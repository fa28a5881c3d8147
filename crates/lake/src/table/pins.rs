//! Pins: an export holds the snapshot it reads, and expiry leaves it alone.

use domain::clock::Clock;
use domain::ids::ExportId;
use domain::owner::Owner;

use super::load::{CurrentTable, live};
use crate::catalog::Pin;
use crate::error::LakeError;

/// How often a pin is written that loses against expiry.
const PIN_ATTEMPTS: u32 = 5;

/// Pins for one export.
pub(crate) struct Pinner<'a> {
    pub(crate) table: CurrentTable<'a>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) owner: &'a Owner,
    pub(crate) export: ExportId,
}

impl Pinner<'_> {
    /// Pins the current snapshot, or confirms the pin that the export has. Returns the pinned snapshot.
    ///
    /// Expiry has to look for pins in the transaction of its swap. Whichever comes first, this or that, the other sees
    /// it: hence the second look here, after the pin is written.
    ///
    /// # Errors
    /// `SnapshotGone` if the export was pinned before to a snapshot that has expired since.
    pub(crate) async fn pin(&self) -> Result<i64, LakeError> {
        for _ in 0..PIN_ATTEMPTS {
            let wanted = self.table.current_version().await?.current()?.snapshot_id();
            let pinned = self.write(wanted).await?;
            match self.is_live(pinned).await? {
                Ok(()) => return Ok(pinned),
                Err(gone) if pinned != wanted => return Err(gone),
                Err(_) => self.table.catalog.unpin(self.export).await?,
            }
        }
        Err(LakeError::Contention { attempts: PIN_ATTEMPTS })
    }

    /// Makes sure that the export still has the pin that it was planned with: a power cut may have taken it back.
    ///
    /// # Errors
    /// `SnapshotGone` if the snapshot has expired meanwhile.
    pub(crate) async fn hold(&self, snapshot_id: i64) -> Result<(), LakeError> {
        self.write(snapshot_id).await?;
        match self.is_live(snapshot_id).await? {
            Ok(()) => Ok(()),
            Err(gone) => {
                self.table.catalog.unpin(self.export).await?;
                Err(gone)
            }
        }
    }

    /// Writes the pin unless there is one. Returns the snapshot that is pinned now.
    async fn write(&self, snapshot_id: i64) -> Result<i64, LakeError> {
        let (owner, export, pinned_at) = (self.owner.clone(), self.export, self.clock.now());
        Ok(self.table.catalog.pin(Pin { owner, export, snapshot_id, pinned_at }).await?.snapshot_id)
    }

    /// The inner error is that of a snapshot that has expired.
    async fn is_live(&self, snapshot_id: i64) -> Result<Result<(), LakeError>, LakeError> {
        let version = self.table.current_version().await?;
        Ok(live(&version.metadata, snapshot_id).map(drop))
    }
}
