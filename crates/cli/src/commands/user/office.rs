//! Whether somebody may go: an organisation keeps an admin who can sign in.

use anyhow::anyhow;
use domain::ids::{Slug, UserId};
use domain::people::Role;

use crate::exit::Failure;
use crate::wiring::Installation;

/// Members that are looked at by one read.
const PAGE: u32 = 100;

/// Refuses to let the last admin of an organisation go, unless that is meant.
pub(super) async fn refuse_last_admin(installation: &Installation, user: UserId, force: bool) -> Result<(), Failure> {
    if force {
        return Ok(());
    }
    for (slug, _) in installation.directory.organisations_of(user, u32::MAX).await? {
        // Asked this way, somebody who cannot sign in is no admin.
        let is_admin = installation.directory.role(&slug, user).await? == Some(Role::Admin);
        if is_admin && !has_other_admin(installation, &slug, user).await? {
            let text =
                format!("{slug} would be left without an admin who can sign in: add another one first, or --force");
            return Err(anyhow!(text).into());
        }
    }
    Ok(())
}

async fn has_other_admin(installation: &Installation, slug: &Slug, user: UserId) -> Result<bool, Failure> {
    let mut after = None;
    loop {
        let page = installation.directory.members(slug, after, PAGE).await?;
        for member in &page {
            let other = member.user != user && member.role == Role::Admin;
            if other && installation.directory.role(slug, member.user).await? == Some(Role::Admin) {
                return Ok(true);
            }
        }
        match page.last() {
            Some(last) => after = Some(last.user),
            None => return Ok(false),
        }
    }
}
