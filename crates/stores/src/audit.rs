//! The port of the audit trail: who asked, linked, changed and removed.

use async_trait::async_trait;
use domain::audit::Event;
use domain::ids::EventId;
use domain::owner::Owner;

use crate::StoreError;

/// Events are only ever added.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds an event; one of the same id is there already, which changes nothing.
    async fn add_event(&self, event: &Event) -> Result<(), StoreError>;

    /// Adds several, in one transaction where the adapter has some; those that are there already change nothing.
    async fn add_events(&self, events: &[Event]) -> Result<(), StoreError> {
        for event in events {
            self.add_event(event).await?;
        }
        Ok(())
    }

    /// At most `limit` events of an owner before `before`, the newest first.
    async fn events(&self, owner: &Owner, before: Option<EventId>, limit: u32) -> Result<Vec<Event>, StoreError>;
}
