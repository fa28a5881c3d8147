//! Removing what nobody needs any more. Clients' keys and daily counters are removed by DynamoDB itself, in its own time.

use stores::StoreError;
use stores::jobs::PURGE_LIMIT;

use crate::adapter::DynamoStores;
use crate::db::{Change, Condition, Query};
use crate::error::failed;
use crate::item::{Item, Key, Read};
use crate::jobs::keys;
use crate::jobs::rows::Active;
use crate::tables::JOBS;

/// Most steps that one purge removes; an export that has more goes with a later one.
const STEPS_LIMIT: usize = 20_000;

impl DynamoStores {
    pub(in crate::jobs) async fn purge_exports(&self, settled_seconds: u64) -> Result<u64, StoreError> {
        let settled_before = self.clock.now().minus_seconds(settled_seconds);
        let over = self.shelves("over", settled_before.0.saturating_sub(1), PURGE_LIMIT as usize).await?;
        let (mut removed, mut room) = (0, STEPS_LIMIT);
        for item in over.iter().take(PURGE_LIMIT as usize) {
            let key = Key::of(item)?;
            room -= self.purge_steps(&key, room).await?;
            if room == 0 {
                break;
            }
            removed += u64::from(self.purge_export(&key).await?);
        }
        Ok(removed)
    }

    /// Removes at most so many steps of an export; returns how many.
    async fn purge_steps(&self, export: &Key, most: usize) -> Result<usize, StoreError> {
        let Some(item) = self.db.get(&JOBS, export).await.map_err(failed("read what is over"))? else { return Ok(0) };
        let lanes = Read::new(&item, "an export").maybe("lanes", Read::number)?.unwrap_or(1);
        let mut removed = 0;
        for first in keys::all_steps(&keys::owner_of(&export.pk)?, keys::export_of(&export.sk)?, lanes) {
            let query = Query::range(JOBS, first, " ", "~").keys_only();
            let steps = self.db.query(&query, most - removed).await.map_err(failed("find what is over"))?;
            let steps: Vec<_> = steps.iter().map(Key::of).collect::<Result<_, _>>()?;
            self.db.remove_all(&JOBS, &steps).await.map_err(failed("remove what is over"))?;
            removed += steps.len();
        }
        Ok(removed)
    }

    /// Removes an export and counts it no more; `false` where another process did, or it came to life again.
    async fn purge_export(&self, key: &Key) -> Result<bool, StoreError> {
        let owner = keys::owner_of(&key.pk)?;
        let (active, id) = (keys::active(&owner), keys::export_of(&key.sk)?);
        let read = self.db.get_all(&JOBS, &[key.clone(), active.clone()]).await;
        let read = read.map_err(failed("read what is over"))?;
        let Some(export) = read.get(key).filter(|export| is_over(export)) else { return Ok(false) };
        let before = read.get(&active);
        let mut counts = before.map_or(Ok(Active::default()), Active::read)?;
        counts.moved(id, Some(Read::new(export, "an export").text("state")?), None)?;
        let changes = [
            Change::Delete(key.clone(), Condition::unchanged(Some(export))),
            Change::Put(counts.write(&owner), Condition::unchanged(before)),
        ];
        self.db.commit(&JOBS, &changes).await.map_err(failed("remove what is over"))
    }
}

/// The index may lag.
fn is_over(export: &Item) -> bool {
    Read::new(export, "an export").text("shelf").is_ok_and(|shelf| shelf.starts_with("over#"))
}
