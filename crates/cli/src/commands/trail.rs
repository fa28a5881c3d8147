//! What the operator does to an organisation, in its audit trail.

use domain::audit::{Action, Actor, Event};
use domain::ids::{EventId, Slug};
use domain::owner::Owner;

use crate::exit::Failure;
use crate::wiring::Embedded;

/// Records what was done.
pub async fn operator(
    embedded: &Embedded,
    organisation: &Slug,
    action: Action,
    subject: String,
) -> Result<(), Failure> {
    let at = embedded.clock.now();
    let id = EventId::new(at, embedded.random.as_ref());
    let owner = Owner::Organisation(organisation.clone());
    embedded.audit.add_event(&Event { id, at, actor: Actor::Operator, owner, action, subject }).await?;
    Ok(())
}
