//! The port of the accounts: profiles, password hashes and refresh families, under the directory's ids.

use std::fmt;

use async_trait::async_trait;
use domain::ids::{FamilyId, UserId};
use domain::people::Email;
use domain::refresh::Family;
use domain::time::Micros;

use crate::StoreError;

/// Most families that one purge removes.
pub const FAMILY_PURGE_LIMIT: u32 = 1_000;

/// The profile of a new account.
pub const EMPTY_PROFILE: &str = "{}";

/// One person's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The same as in the directory.
    pub id: UserId,
    /// Where they are reached, and what they sign in with.
    pub email: Email,
    /// In PHC string format, argon2id.
    pub password_hash: String,
    /// A JSON object that may grow; a store keeps attributes that it does not know.
    pub profile: String,
    /// By the store's clock.
    pub created_at: Micros,
}

/// Neither address nor hash.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What came of creating an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountCreated {
    /// It is there now.
    New,
    /// This user's account was there with this address; nothing changed.
    Known,
    /// The address belongs to another user.
    EmailTaken(UserId),
}

/// All accounts. Each method is one atomic write or one consistent read; the adapter's clock is injected.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds an account with an empty profile.
    async fn create_account(
        &self,
        id: UserId,
        email: &Email,
        password_hash: &str,
    ) -> Result<AccountCreated, StoreError>;

    /// The account of an address, whatever its case.
    async fn account_of(&self, email: &Email) -> Result<Option<Account>, StoreError>;

    /// Looks an account up.
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// Sets another password hash and ends every refresh family; `false` where there is no account.
    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<bool, StoreError>;

    /// Removes the account and its refresh families; `false` where there was none.
    async fn delete_account(&self, id: UserId) -> Result<bool, StoreError>;

    /// Adds a refresh family, as a login does; `false` where its user has no account. One of the same id is there
    /// already, which changes nothing.
    async fn begin_family(&self, family: &Family) -> Result<bool, StoreError>;

    /// Looks a family up; one that has ended or run out is not there.
    async fn family(&self, id: FamilyId) -> Result<Option<Family>, StoreError>;

    /// Puts `next` in the place of the family of the same id if that still has `generation`; `false` where it has not,
    /// or is gone.
    async fn rotate_family(&self, generation: u32, next: &Family) -> Result<bool, StoreError>;

    /// Ends a family; `false` where there was none.
    async fn end_family(&self, id: FamilyId) -> Result<bool, StoreError>;

    /// Ends all families of a user; returns how many.
    async fn end_families_of(&self, user: UserId) -> Result<u64, StoreError>;

    /// Ends every family of everybody; returns how many. For an operator: it may look at all there is.
    async fn end_all_families(&self) -> Result<u64, StoreError>;

    /// Removes at most [`FAMILY_PURGE_LIMIT`] families that have run out; returns how many.
    async fn purge_families(&self) -> Result<u64, StoreError>;
}
