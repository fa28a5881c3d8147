//! The port of the memberships: what users subscribe to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

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
    /// The row of this index names a user who is not there or deleted; nothing was imported.
    NoUser(usize),
    /// The row of this index is one too many for its user; nothing was imported.
    TooMany(usize),
}

/// All memberships, in the order (valid_from, id). They stand beside the directory, in one database; those of a deleted
/// user stay, but no more come.
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

/// The rules of an import, the same in every adapter: each row is judged in its order, and then stored.
#[derive(Debug, Default)]
pub struct Import {
    /// How many memberships each user of the rows so far has.
    counts: HashMap<UserId, u64>,
    row: usize,
    new: u64,
    replaced: u64,
}

impl Import {
    /// Judges the next row, which is of `user` and whose id is that of a membership of `holder`. `count` is asked once for
    /// each user: how many they have before the import, or `None` where they are not there. `None` means to store the row.
    ///
    /// # Errors
    /// Those of `count`.
    pub fn judge(
        &mut self,
        user: UserId,
        holder: Option<UserId>,
        count: impl FnOnce() -> Result<Option<u64>, StoreError>,
    ) -> Result<Option<MembershipsImported>, StoreError> {
        let index = self.row;
        self.row += 1;
        let counted = match self.counts.entry(user) {
            Entry::Occupied(counted) => counted.into_mut(),
            Entry::Vacant(uncounted) => match count()? {
                Some(count) => uncounted.insert(count),
                None => return Ok(Some(MembershipsImported::NoUser(index))),
            },
        };
        match holder {
            Some(holder) if holder != user => return Ok(Some(MembershipsImported::OfAnotherUser(index))),
            Some(_) => self.replaced += 1,
            None => {
                if *counted >= u64::from(MEMBERSHIPS_PER_USER_LIMIT) {
                    return Ok(Some(MembershipsImported::TooMany(index)));
                }
                *counted += 1;
                self.new += 1;
            }
        }
        Ok(None)
    }

    /// What came of it, once all rows are stored.
    pub fn done(self) -> MembershipsImported {
        MembershipsImported::Done { new: self.new, replaced: self.replaced }
    }
}
