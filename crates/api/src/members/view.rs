//! A member as clients see one.

use domain::ids::{Slug, UserId};
use domain::people::Role;
use serde::Serialize;
use stores::{Member, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{App, MemberOf};

/// One member.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    user: Uuid,
    #[schema(example = "member")]
    role: &'static str,
    /// Only admins see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "u2@example.org", nullable = false)]
    email: Option<String>,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00.000000Z")]
    since: String,
}

impl MemberView {
    /// The member as `caller` may see them.
    pub(super) async fn of(app: &App, caller: &MemberOf, member: &Member) -> Result<Self, StoreError> {
        let account = match caller.role {
            Role::Admin => app.ports.accounts.account(member.user).await?,
            Role::Member => None,
        };
        Ok(Self {
            user: member.user.0,
            role: member.role.name(),
            email: account.map(|account| account.email.to_string()),
            since: member.since.to_string(),
        })
    }
}

/// The member of an id, active or not: the first one after the id before it.
pub(super) async fn find(app: &App, organisation: &Slug, user: UserId) -> Result<Option<Member>, StoreError> {
    let before = user.0.as_u128().checked_sub(1).map(|number| UserId(Uuid::from_u128(number)));
    let members = app.ports.directory.members(organisation, before, 1).await?;
    Ok(members.into_iter().find(|member| member.user == user))
}
