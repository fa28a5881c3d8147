//! What is looked for over all owners, by the index of the whole table: it may lag a moment, which costs a look.

use std::collections::{BTreeMap, HashSet};

use domain::export::State;
use domain::owner::Owner;
use domain::time::Micros;
use stores::jobs::CENSUS_LIMIT;
use stores::record::RECORD_VERSION;
use stores::{Census, Due, StoreError};

use super::readable;
use crate::adapter::DynamoStores;
use crate::error::failed;
use crate::item::{Item, Key, Read};
use crate::jobs::keys;
use crate::jobs::rows::read_counts;
use crate::tables::JOBS;

/// Most exports of one shelf that one look for what is due reads.
const DUE_OF_SHELF: usize = 1_000;

/// An export on a shelf, itself or by one of its lanes: whose, and since when.
struct Shelved {
    at: Micros,
    key: Key,
    record_version: u32,
}

impl DynamoStores {
    /// Those that only a newer program can read are counted, whosever they are.
    pub(in crate::jobs) async fn due_owners(&self, limit: u32) -> Result<Due, StoreError> {
        let found = self.on_shelves("due", self.clock.now().0, DUE_OF_SHELF).await?;
        let (mut earliest, mut too_new) = (BTreeMap::<Owner, Micros>::new(), 0);
        for Shelved { at, key, record_version } in found {
            if record_version > RECORD_VERSION {
                too_new += 1;
                continue;
            }
            let known = earliest.entry(keys::owner_of(&key.pk)?).or_insert(at);
            *known = at.min(*known);
        }
        let mut owners: Vec<_> = earliest.into_iter().collect();
        owners.sort_by_key(|(_, at)| *at);
        Ok(Due { owners: owners.into_iter().take(limit as usize).map(|(owner, _)| owner).collect(), too_new })
    }

    /// Counts by state from what each owner has, and looks into what is due, the longest first.
    pub(in crate::jobs) async fn count_exports(&self) -> Result<Census, StoreError> {
        let (now, mut census) = (self.clock.now(), Census::default());
        for item in self.shelves("owner", i64::MAX, usize::MAX).await? {
            for (state, count) in read_counts(&item)? {
                if let Some(at) = State::NAMES.iter().position(|name| *name == state) {
                    census.exports[at] += count;
                }
            }
        }
        let mut due = self.on_shelves("due", now.0, CENSUS_LIMIT as usize).await?;
        due.retain(|export| export.record_version <= RECORD_VERSION);
        due.sort_by_key(|export| export.at);
        let mut seen = HashSet::new();
        due.retain(|export| seen.insert(export.key.clone()));
        let keys: Vec<_> = due.into_iter().take(CENSUS_LIMIT as usize).map(|export| export.key).collect();
        let items = self.db.get_all(&JOBS, &keys).await.map_err(failed("look into what is due"))?;
        for (key, item) in items {
            let exports = readable(&keys::owner_of(&key.pk)?, std::iter::once(&item))?;
            let exports = self.all_with_lanes(exports).await?;
            exports.iter().for_each(|export| census.count_due(export, now, &self.limits));
        }
        Ok(census)
    }

    pub(in crate::jobs) async fn shelves(&self, kind: &str, until: i64, most: usize) -> Result<Vec<Item>, StoreError> {
        self.db.shelves(JOBS, kind, until, most).await.map_err(failed("look over all owners"))
    }

    async fn on_shelves(&self, kind: &str, until: i64, most: usize) -> Result<Vec<Shelved>, StoreError> {
        let shelved = |item: &Item| -> Result<_, StoreError> {
            let read = Read::new(item, "an export on a shelf");
            let at = Micros(read.number("shelf_at")?);
            let key = keys::export_key_of(&Key::of(item)?)?;
            Ok(Shelved { at, key, record_version: read.number("record_version")? })
        };
        self.shelves(kind, until, most).await?.iter().map(shelved).collect()
    }
}
