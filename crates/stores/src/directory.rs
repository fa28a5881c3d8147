//! The port of the directory: which organisations and users exist, and who belongs where.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::ids::{Slug, TokenId, UserId};
use domain::people::{Role, Scope, UserState};
use domain::time::Micros;

use crate::StoreError;

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name, which is also its key everywhere.
    pub slug: Slug,
    /// Since when it is known, by the store's clock.
    pub created_at: Micros,
}

/// One user, as far as the directory knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The id that leaves the store; the integer key inside never does.
    pub id: UserId,
    /// Whether they may sign in.
    pub state: UserState,
    /// By the store's clock.
    pub created_at: Micros,
}

/// One user's place in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// Since when, by the store's clock.
    pub since: Micros,
}

/// What came of a change of an organisation's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// It is as asked now.
    Changed,
    /// It was so before.
    Unchanged,
    /// The organisation, or a user that is not deleted, or the membership to change is not there.
    NotThere,
    /// The organisation would be left without an admin who can sign in; nothing changed.
    LastAdmin,
}

impl MemberChange {
    /// What comes of the wish that a member with the role `current` has the role `asked` (none: is no member), the same
    /// in every adapter; `other_admin` looks whether another active user is an admin.
    ///
    /// # Errors
    /// Those of `other_admin`.
    pub fn judge(
        current: Option<Role>,
        asked: Option<Role>,
        other_admin: impl FnOnce() -> Result<bool, StoreError>,
    ) -> Result<Self, StoreError> {
        if current == asked {
            return Ok(if asked.is_none() { Self::NotThere } else { Self::Unchanged });
        }
        let leaves_office = current == Some(Role::Admin);
        Ok(if leaves_office && !other_admin()? { Self::LastAdmin } else { Self::Changed })
    }
}

/// A token with which an organisation's own programs come; its secret is stored as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationToken {
    /// Names the token.
    pub id: TokenId,
    /// Whose it is.
    pub organisation: Slug,
    /// What it is good for.
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
    /// By the clock of who made it.
    pub created_at: Micros,
}

/// Who exists and who belongs where. Each method is one transaction; the adapter's clock is injected.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Adds an organisation; `false` where it was there already, which changes nothing.
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError>;

    /// Looks an organisation up.
    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError>;

    /// At most `limit` organisations after `after`, by slug.
    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError>;

    /// Announces a user whose account is about to be made: state `Creating`. A creation that was begun before under the
    /// same `key` and not finished is gone on with: its id is answered, and `id` is not used.
    async fn begin_user(&self, id: UserId, key: &[u8; 32]) -> Result<UserId, StoreError>;

    /// Looks a user up; the deleted ones, too.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Moves a user to `to` if they are in one of the states `from`; `false` where they are not there or in another.
    /// Nobody leaves `Deleted`. Leaving `Creating` forgets the key of the creation; `Deleted` removes every membership of an organisation in the
    /// same transaction.
    async fn set_user_state(&self, id: UserId, from: &[UserState], to: UserState) -> Result<bool, StoreError>;

    /// Adds a member, or changes their role.
    async fn put_member(&self, organisation: &Slug, user: UserId, role: Role) -> Result<MemberChange, StoreError>;

    /// Removes a member.
    async fn remove_member(&self, organisation: &Slug, user: UserId) -> Result<MemberChange, StoreError>;

    /// The role of an **active** user in an organisation, in one read; anybody else has none.
    async fn role(&self, organisation: &Slug, user: UserId) -> Result<Option<Role>, StoreError>;

    /// At most `limit` members after `after`, by user id; deleted users are none.
    async fn members(&self, organisation: &Slug, after: Option<UserId>, limit: u32) -> Result<Vec<Member>, StoreError>;

    /// All organisations of a user with their role, by slug, at most `limit`.
    async fn organisations_of(&self, user: UserId, limit: u32) -> Result<Vec<(Slug, Role)>, StoreError>;

    /// Adds a token; `false` where the organisation is not there.
    async fn create_token(&self, token: &OrganisationToken) -> Result<bool, StoreError>;

    /// Looks a token up; a revoked one is not there.
    async fn token(&self, id: TokenId) -> Result<Option<OrganisationToken>, StoreError>;

    /// Revokes a token of an organisation; `false` where it has none of that id.
    async fn revoke_token(&self, organisation: &Slug, id: TokenId) -> Result<bool, StoreError>;

    /// Whether the store answers.
    async fn ping_directory(&self) -> Result<(), StoreError>;
}
