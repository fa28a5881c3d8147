//! The port of the memberships: what users subscribe to.

use async_trait::async_trait;
use domain::ids::UserId;
use domain::membership::Membership;

use crate::StoreError;

/// Most memberships of one user; an import that would exceed it is refused.
pub const MEMBERSHIPS_PER_USER_LIMIT: u32 = 100_000;

/// What came of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipsImported {
    /// All are there now: so many were new, and so many replaced one of the same id and user.
    Done {
        /// Memberships that were not there before.
        new: u64,
        /// Memberships that were there, with these or other values.
        replaced: u64,
    },
    /// The row of this index (from 0) has the id of another user's membership; nothing was imported.
    OfAnotherUser(usize),
    /// The row of this index names a user who is not there; nothing was imported.
    NoUser(usize),
    /// The row of this index is one too many for its user; nothing was imported.
    TooMany(usize),
}

/// All memberships, in the order (valid_from, id).
#[async_trait]
pub trait Memberships: Send + Sync {
    /// Adds or replaces all rows in one transaction, or none.
    async fn import_memberships(&self, rows: Vec<Membership>) -> Result<MembershipsImported, StoreError>;

    /// All memberships of a user, in one consistent read.
    async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>, StoreError>;

    /// At most `limit` memberships of a user after the one given.
    async fn memberships_page(
        &self,
        user: UserId,
        after: Option<&Membership>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError>;
}
