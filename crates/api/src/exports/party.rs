//! Who asks about whose exports: a member about the organisation's, or a user about their own.

use domain::audit::Actor;
use domain::export::Export;
use domain::ids::{ExportId, UserId};
use domain::owner::Owner;
use domain::people::UserState;
use stores::{Directory, StoreError};

use crate::problem::Problem;
use crate::{App, MemberOf, SignedIn};

/// A caller who was let in to what an owner has.
#[derive(Clone, Debug)]
pub struct Party {
    /// Whose exports.
    pub owner: Owner,
    /// Who asks.
    pub user: UserId,
}

impl From<MemberOf> for Party {
    fn from(member: MemberOf) -> Self {
        Self { owner: Owner::Organisation(member.organisation), user: member.user }
    }
}

impl From<SignedIn> for Party {
    fn from(signed_in: SignedIn) -> Self {
        Self { owner: Owner::User(signed_in.user), user: signed_in.user }
    }
}

impl Party {
    /// As the audit trail names them.
    pub const fn actor(&self) -> Actor {
        Actor::User(self.user)
    }

    /// Where the owner's exports stand.
    pub fn path(&self) -> String {
        match &self.owner {
            Owner::Organisation(slug) => format!("/v1/organisations/{slug}/exports"),
            Owner::User(_) => "/v1/me/exports".to_owned(),
        }
    }

    /// One of the owner's exports; another owner's is not there.
    pub async fn export(&self, app: &App, id: ExportId) -> Result<Export, Problem> {
        app.ports.jobs.get(&self.owner, id).await?.ok_or_else(Problem::not_found)
    }
}

/// Whether a user may see what an owner has, asked of the directory now.
pub async fn may_see(directory: &dyn Directory, owner: &Owner, user: UserId) -> Result<bool, StoreError> {
    match owner {
        Owner::Organisation(slug) => Ok(directory.role(slug, user).await?.is_some()),
        Owner::User(own) if *own == user => {
            Ok(directory.user(user).await?.is_some_and(|user| user.state == UserState::Active))
        }
        Owner::User(_) => Ok(false),
    }
}
