//! `outhaul trail`: the audit trail, and what the operator does in it.

use domain::audit::{Action, Actor, Event};
use domain::ids::{EventId, Slug, UserId};
use domain::owner::Owner;
use serde::Serialize;

use crate::args::people;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::Report;
use crate::wiring::Installation;

/// Events that are read at a time.
const PAGE: u32 = 1_000;

#[derive(Serialize)]
struct Output {
    events: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    at: String,
    actor: String,
    action: &'static str,
    subject: String,
}

/// Shows what was done to an organisation's or a user's data, the newest first.
pub async fn run(config: &Config, args: people::Trail, report: &Report) -> Result<Exit, Failure> {
    let installation = Installation::open(config).await?;
    let owner = match (args.org, args.user) {
        (Some(slug), _) => {
            installation.organisation(&slug).await?;
            Owner::Organisation(slug)
        }
        (None, Some(user)) => Owner::User(user),
        (None, None) => return Err(Failure::usage("name an organisation or a user")),
    };
    let mut output = Output { events: Vec::new() };
    let (mut before, mut left) = (None, args.limit);
    while left > 0 {
        let page = installation.audit.events(&owner, before, left.min(PAGE)).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        left -= u32::try_from(page.len()).unwrap_or(left).min(left);
        output.events.extend(page.iter().map(Entry::of));
    }
    report.result(&output, || output.in_words());
    Ok(Exit::Done)
}

impl Entry {
    fn of(event: &Event) -> Self {
        let actor = match event.actor {
            Actor::User(id) => format!("user {id}"),
            Actor::Token(id) => format!("token {id}"),
            Actor::Operator => "operator".to_owned(),
        };
        let (at, subject) = (event.at.to_string(), event.subject.clone());
        Self { id: event.id.to_string(), at, actor, action: event.action.name(), subject }
    }
}

impl Output {
    fn in_words(&self) -> String {
        let line = |entry: &Entry| format!("{} {} {} by {}", entry.at, entry.action, entry.subject, entry.actor);
        self.events.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Records what the operator did to an organisation.
pub async fn operator(
    installation: &Installation,
    organisation: &Slug,
    action: Action,
    subject: String,
) -> Result<(), Failure> {
    add(installation, [Owner::Organisation(organisation.clone())], action, &subject).await
}

/// Records what the operator did to a user.
pub async fn of_user(installation: &Installation, user: UserId, action: Action) -> Result<(), Failure> {
    add(installation, [Owner::User(user)], action, &user.to_string()).await
}

/// Records what the operator did at once to several owners.
pub async fn add(
    installation: &Installation,
    owners: impl IntoIterator<Item = Owner>,
    action: Action,
    subject: &str,
) -> Result<(), Failure> {
    let at = installation.clock.now();
    let event = |owner| {
        let id = EventId::new(at, installation.random.as_ref());
        Event { id, at, actor: Actor::Operator, owner, action, subject: subject.to_owned() }
    };
    let events: Vec<_> = owners.into_iter().map(event).collect();
    Ok(installation.audit.add_events(&events).await?)
}
