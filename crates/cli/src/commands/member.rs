//! `outhaul member`: who belongs to an organisation.

use anyhow::anyhow;
use domain::audit::Action;
use domain::ids::{Slug, UserId};
use domain::people::{Email, Role};
use serde::Serialize;
use stores::MemberChange;

use super::{trail, user};
use crate::args::people;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::Report;
use crate::wiring::Installation;

#[derive(Serialize)]
struct Output {
    organisation: String,
    user: String,
    /// None of one who was removed.
    role: Option<&'static str>,
    changed: bool,
}

/// Adds or removes.
pub async fn run(config: &Config, args: people::Member, report: &Report) -> Result<Exit, Failure> {
    let installation = Installation::open(config).await?;
    let (slug, email, role) = match args {
        people::Member::Add { slug, email, role } => (slug, email, Some(role)),
        people::Member::Remove { slug, email } => (slug, email, None),
    };
    let (user, changed) = change(&installation, &slug, &email, role).await?;
    let output = Output { organisation: slug.to_string(), user: user.to_string(), role: role.map(Role::name), changed };
    report.result(&output, || match role {
        Some(role) => format!("user {user} is {} of {slug}{}", role.name(), if changed { "" } else { " already" }),
        None => format!("user {user} is no member of {slug} any more"),
    });
    Ok(Exit::Done)
}

async fn change(
    installation: &Installation,
    slug: &Slug,
    email: &Email,
    role: Option<Role>,
) -> Result<(UserId, bool), Failure> {
    installation.organisation(slug).await?;
    let user = user::find(installation, email).await?;
    let change = match role {
        Some(role) => installation.directory.put_member(slug, user, role).await?,
        None => installation.directory.remove_member(slug, user).await?,
    };
    match change {
        // A call that changed it may have ended before it said so: this one says so again.
        MemberChange::Changed | MemberChange::Unchanged => {
            let action = if role.is_some() { Action::MemberPut } else { Action::MemberRemoved };
            trail::operator(installation, slug, action, user.to_string()).await?;
            Ok((user, change == MemberChange::Changed))
        }
        MemberChange::NotThere => Err(Failure::new(Exit::NotFound, anyhow!("the user is no member of {slug}"))),
        MemberChange::LastAdmin => {
            Err(anyhow!("{slug} would be left without an admin who can sign in: add another one first").into())
        }
    }
}
