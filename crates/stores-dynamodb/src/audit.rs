//! The audit trail: items are only ever added. Rights to change or remove them need not be given to the service.

use async_trait::async_trait;
use domain::audit::{Action, Actor, Event};
use domain::ids::EventId;
use domain::owner::Owner;
use domain::time::Micros;
use stores::{Audit, StoreError};

use crate::adapter::DynamoStores;
use crate::db::{Change, Condition, Query, TRANSACTION_LIMIT};
use crate::error::{corrupt, failed};
use crate::item::{Item, Key, Read, Write};
use crate::keys;
use crate::tables::AUDIT;

/// Before all ids of events, and behind them.
const EVENTS: [&str; 2] = ["EVENT#", "EVENT#~"];

#[async_trait]
impl Audit for DynamoStores {
    async fn add_event(&self, event: &Event) -> Result<(), StoreError> {
        // One of the same id is there already.
        self.db.put(&AUDIT, &write(event), &Condition::Absent).await.map_err(failed("add an event")).map(drop)
    }

    async fn add_events(&self, events: &[Event]) -> Result<(), StoreError> {
        for events in events.chunks(TRANSACTION_LIMIT) {
            let changes: Vec<_> = events.iter().map(|event| Change::Put(write(event), Condition::Absent)).collect();
            let are_new = self.db.commit(&AUDIT, &changes).await.map_err(failed("add events"))?;
            if !are_new {
                for event in events {
                    self.add_event(event).await?;
                }
            }
        }
        Ok(())
    }

    async fn events(&self, owner: &Owner, before: Option<EventId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        let to = before.map_or(EVENTS[1].to_owned(), second);
        let query = Query::range(AUDIT, keys::owner(owner), EVENTS[0], &to).backward();
        // The range includes its end, which is not older than itself.
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let items = self.db.query(&query, most).await.map_err(failed("list events"))?;
        let events = items.iter().map(|item| read(item, owner)).collect::<Result<Vec<_>, _>>()?;
        let older = events.into_iter().filter(|event| before.is_none_or(|before| event.id < before));
        Ok(older.take(limit as usize).collect())
    }
}

fn second(id: EventId) -> String {
    format!("EVENT#{id}")
}

fn write(event: &Event) -> Item {
    Write::new(&Key::new(keys::owner(&event.owner), second(event.id)))
        .text("id", event.id.to_string())
        .number("at", event.at.0)
        .text("actor", actor_name(event.actor))
        .text("action", event.action.name())
        .text("subject", &event.subject)
        .item()
}

fn read(item: &Item, owner: &Owner) -> Result<Event, StoreError> {
    let read = Read::new(item, "an event");
    let action = Action::of(read.text("action")?).ok_or_else(|| corrupt("an event", "its action is not known"))?;
    Ok(Event {
        id: read.parsed("id")?,
        at: Micros(read.number("at")?),
        actor: actor(read.text("actor")?)?,
        owner: owner.clone(),
        action,
        subject: read.text("subject")?.to_owned(),
    })
}

fn actor_name(actor: Actor) -> String {
    match actor {
        Actor::User(id) => format!("user.{id}"),
        Actor::Token(id) => format!("token.{id}"),
        Actor::Operator => "operator".to_owned(),
    }
}

fn actor(name: &str) -> Result<Actor, StoreError> {
    let wrong = |error| corrupt("an event", error);
    match name.split_once('.') {
        Some(("user", id)) => Ok(Actor::User(id.parse().map_err(wrong)?)),
        Some(("token", id)) => Ok(Actor::Token(id.parse().map_err(wrong)?)),
        None if name == "operator" => Ok(Actor::Operator),
        _ => Err(corrupt("an event", "its actor is not known")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::clock::ManualClock;
    use domain::limits::Limits;
    use engines::Tables;

    use super::*;
    use crate::testing::open;

    async fn on(tables: Option<Tables>) -> (Tables, DynamoStores) {
        let clock = Arc::new(ManualClock::at(Micros(1_700_000_000_000_000)));
        open(tables.expect("looked for before"), clock, Limits::default()).await
    }

    mod on_dynamodb_local {
        use super::*;

        stores::audit_contract!(async || on(Tables::local()).await, if Tables::local().is_some());
    }

    mod on_ministack {
        use super::*;

        stores::audit_contract!(async || on(Tables::ministack()).await, if Tables::ministack().is_some());
    }
}
