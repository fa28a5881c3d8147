//! The audit trail: rows are only ever added, and the table refuses anything else.

use async_trait::async_trait;
use domain::audit::{Action, Actor, Event};
use domain::ids::EventId;
use domain::owner::Owner;
use domain::time::Micros;
use rusqlite::{Row, Transaction, params};
use stores::{Audit, StoreError};

use crate::adapter::SqliteStores;
use crate::error::corrupt;
use crate::failpoint;
use crate::rows::{many, parse, run};

const ADD: &str = "INSERT INTO audit (owner, id, at, actor, action, subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT DO NOTHING";

const LIST: &str = "SELECT id, at, actor, action, subject FROM audit WHERE owner = ?1 AND id < ?2
     ORDER BY id DESC LIMIT ?3";

#[cfg(test)]
pub(crate) const ALL: &[&str] = &[ADD, LIST];

#[async_trait]
impl Audit for SqliteStores {
    async fn add_event(&self, event: &Event) -> Result<(), StoreError> {
        self.add_events(std::slice::from_ref(event)).await
    }

    async fn add_events(&self, events: &[Event]) -> Result<(), StoreError> {
        let events = events.to_vec();
        let add_all = move |tx: &Transaction<'_>| events.iter().try_for_each(|event| add(tx, event));
        self.database.write(failpoint::EVENT, add_all).await
    }

    async fn events(&self, owner: &Owner, before: Option<EventId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        // All ids are hexadecimal, and come before this.
        let before = before.map_or("~".to_owned(), |id| id.to_string());
        let owner = owner.clone();
        let list = move |tx: &Transaction<'_>| {
            let found = many(tx, LIST, params![owner.to_string(), before, limit], EventRow::read, "list events")?;
            found.into_iter().map(|row| row.event(owner.clone())).collect()
        };
        self.database.read(list).await
    }
}

fn add(tx: &Transaction<'_>, event: &Event) -> Result<(), StoreError> {
    let (owner, id, actor) = (event.owner.to_string(), event.id.to_string(), actor_name(event.actor));
    let values = params![owner, id, event.at.0, actor, event.action.name(), event.subject];
    run(tx, ADD, values, "add an event").map(drop)
}

struct EventRow {
    id: String,
    at: i64,
    actor: String,
    action: String,
    subject: String,
}

impl EventRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (id, at, actor) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Self { id, at, actor, action: row.get(3)?, subject: row.get(4)? })
    }

    fn event(self, owner: Owner) -> Result<Event, StoreError> {
        Ok(Event {
            id: parse("an event", &self.id)?,
            at: Micros(self.at),
            actor: actor(&self.actor)?,
            owner,
            action: Action::of(&self.action).ok_or_else(|| corrupt("an event", "its action is not known"))?,
            subject: self.subject,
        })
    }
}

fn actor_name(actor: Actor) -> String {
    match actor {
        Actor::User(id) => format!("user.{id}"),
        Actor::Token(id) => format!("token.{id}"),
        Actor::Operator => "operator".to_owned(),
    }
}

fn actor(name: &str) -> Result<Actor, StoreError> {
    match name.split_once('.') {
        Some(("user", id)) => Ok(Actor::User(parse("an event", id)?)),
        Some(("token", id)) => Ok(Actor::Token(parse("an event", id)?)),
        None if name == "operator" => Ok(Actor::Operator),
        _ => Err(corrupt("an event", "its actor is not known")),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;
    use rusqlite::Connection;

    use super::*;
    use crate::testing::{fresh, goes_by_indexes};

    stores::audit_contract!(fresh);

    #[tokio::test]
    async fn every_statement_goes_by_an_index() {
        goes_by_indexes(ALL).await;
    }

    #[tokio::test]
    async fn the_table_is_only_added_to() {
        let (folder, stores) = fresh().await;
        let user: UserId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
        let event = Event {
            id: EventId(user.0),
            at: Micros(0),
            actor: Actor::User(user),
            owner: Owner::User(user),
            action: Action::SignedIn,
            subject: String::new(),
        };
        stores.add_event(&event).await.unwrap();
        let connection = Connection::open(folder.path().join("outhaul.db")).unwrap();
        for change in ["DELETE FROM audit", "UPDATE audit SET actor = 'operator'"] {
            let refused = connection.execute(change, []).unwrap_err().to_string();
            assert_eq!(refused, "the audit trail is only added to");
        }
        assert_eq!(stores.events(&Owner::User(user), None, 9).await.unwrap(), [event]);
    }
}
