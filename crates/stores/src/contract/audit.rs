//! What every audit trail must do.

use domain::audit::{Action, Actor, Event};
use domain::ids::{EventId, TokenId};
use domain::owner::Owner;

use super::{Checked, START, slug, user};
use crate::Audit;

/// Runs the suite: `$make` gives an empty audit trail and something to keep meanwhile.
#[macro_export]
macro_rules! audit_contract {
    ($make:expr $(, if $there:expr)?) => {
        $crate::contract_tests!(audit_contract, $crate::contract::audit, $make $(, if $there)?;
            events_are_kept_as_they_were events_are_of_their_owner every_action_is_known);
    };
}

fn acme() -> Owner {
    Owner::Organisation(slug("acme"))
}

fn event(number: u32, owner: Owner) -> Event {
    Event {
        id: EventId(user(number).0),
        at: START.plus(i64::from(number)),
        actor: Actor::User(user(number)),
        owner,
        action: Action::MemberPut,
        subject: format!("{number}"),
    }
}

/// Each stays as it was added first.
pub async fn events_are_kept_as_they_were<A: Audit, K>(make: impl AsyncFn() -> (K, A)) -> Checked {
    let (_keep, audit) = make().await;
    let by_token = Event { actor: Actor::Token(TokenId(user(2).0)), ..event(2, acme()) };
    let by_operator = Event { actor: Actor::Operator, subject: String::new(), ..event(3, acme()) };
    for event in [&event(1, acme()), &by_token, &by_operator] {
        audit.add_event(event).await?;
    }
    // The answer to the first call was lost, and somebody tries to change what is there.
    audit.add_event(&event(1, acme())).await?;
    audit.add_event(&Event { subject: "another".to_owned(), ..event(1, acme()) }).await?;
    assert_eq!(audit.events(&acme(), None, 9).await?, [by_operator, by_token, event(1, acme())]);
    // Several at once, one of them there already.
    audit.add_events(&[event(1, acme()), event(4, acme()), event(5, acme())]).await?;
    assert_eq!(audit.events(&acme(), None, 2).await?, [event(5, acme()), event(4, acme())]);
    Ok(())
}

/// Nobody sees another owner's, and pages go on where the one before ended.
pub async fn events_are_of_their_owner<A: Audit, K>(make: impl AsyncFn() -> (K, A)) -> Checked {
    let (_keep, audit) = make().await;
    for number in [4, 2, 5, 1, 3] {
        audit.add_event(&event(number, acme())).await?;
    }
    let others = [Owner::Organisation(slug("acme-2")), Owner::Organisation(slug("acm")), Owner::User(user(1))];
    for (number, owner) in (6..).zip(others.clone()) {
        audit.add_event(&event(number, owner)).await?;
    }
    let numbers = |events: Vec<Event>| events.into_iter().map(|event| event.subject).collect::<Vec<_>>();
    assert_eq!(numbers(audit.events(&acme(), None, 2).await?), ["5", "4"]);
    assert_eq!(numbers(audit.events(&acme(), Some(EventId(user(4).0)), 2).await?), ["3", "2"]);
    assert_eq!(numbers(audit.events(&acme(), Some(EventId(user(2).0)), 2).await?), ["1"]);
    assert_eq!(numbers(audit.events(&others[2], None, 9).await?), ["8"]);
    assert_eq!(audit.events(&Owner::User(user(2)), None, 9).await?, []);
    Ok(())
}

/// Whatever can be done can be read back.
pub async fn every_action_is_known<A: Audit, K>(make: impl AsyncFn() -> (K, A)) -> Checked {
    let (_keep, audit) = make().await;
    for (number, action) in (1..).zip(Action::ALL) {
        audit.add_event(&Event { action: *action, ..event(number, acme()) }).await?;
    }
    let found = audit.events(&acme(), None, 1_000).await?;
    assert_eq!(found.iter().rev().map(|event| event.action).collect::<Vec<_>>(), Action::ALL);
    Ok(())
}
