//! The directory in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::clock::Clock;
use domain::ids::Slug;
use domain::time::Micros;

use crate::{Directory, Organisation, StoreError};

/// A directory that lives as long as its process.
pub struct MemoryDirectory {
    clock: Arc<dyn Clock>,
    organisations: Mutex<BTreeMap<Slug, Micros>>,
}

impl MemoryDirectory {
    /// An empty directory.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, organisations: Mutex::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<Slug, Micros>) -> T) -> T {
        work(&mut self.organisations.lock().expect("no panic while the directory is held"))
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.with(|all| {
            let is_new = !all.contains_key(slug);
            all.entry(slug.clone()).or_insert(now);
            is_new
        }))
    }

    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError> {
        Ok(self.with(|all| all.get_key_value(slug).map(organisation)))
    }

    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.with(|all| all.range((from, Bound::Unbounded)).take(limit as usize).map(organisation).collect()))
    }
}

fn organisation((slug, created_at): (&Slug, &Micros)) -> Organisation {
    Organisation { slug: slug.clone(), created_at: *created_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::directory_contract!(async |clock| ((), MemoryDirectory::new(clock)));
}
