//! The audit trail in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::audit::Event;
use domain::ids::EventId;
use domain::owner::Owner;

use crate::{Audit, StoreError};

/// An audit trail that lives as long as its process.
#[derive(Default)]
pub struct MemoryAudit {
    events: Mutex<BTreeMap<(Owner, EventId), Event>>,
}

#[async_trait]
impl Audit for MemoryAudit {
    async fn add_event(&self, event: &Event) -> Result<(), StoreError> {
        let mut events = self.events.lock().expect("no panic while the events are held");
        events.entry((event.owner.clone(), event.id)).or_insert_with(|| event.clone());
        Ok(())
    }

    async fn events(&self, owner: &Owner, before: Option<EventId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        let events = self.events.lock().expect("no panic while the events are held");
        let of_owner = events.iter().rev().filter(|((of, _), _)| of == owner);
        let older = of_owner.filter(|((_, id), _)| before.is_none_or(|before| *id < before));
        Ok(older.take(limit as usize).map(|(_, event)| event.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::audit_contract!(async || ((), MemoryAudit::default()));
}
