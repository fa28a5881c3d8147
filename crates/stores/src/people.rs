//! The life of a person over two stores that share no transaction: who exists is said by the directory, and always first.
//!
//! A creation is announced in the directory, the account is made, then the user becomes active. A deletion puts a
//! tombstone into the directory, then the account goes. Whatever ends in between, the same call again goes on from there.

use domain::clock::Clock;
use domain::ids::UserId;
use domain::people::{Email, UserState};
use domain::random::Random;

use crate::{AccountCreated, Accounts, Directory, StoreError};

/// How often a creation begins again because its address changes hands meanwhile.
const ATTEMPTS: u32 = 5;

/// The two stores, and what new ids are made of.
#[derive(Clone, Copy)]
pub struct People<'a> {
    /// Who exists.
    pub directory: &'a dyn Directory,
    /// Addresses and passwords.
    pub accounts: &'a dyn Accounts,
    /// The first part of an id.
    pub clock: &'a dyn Clock,
    /// The rest of it.
    pub random: &'a dyn Random,
}

/// What came of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The user can sign in now, with this password.
    New(UserId),
    /// Somebody else finished the same creation at the same time; the password may be theirs.
    Known(UserId),
    /// The address belongs to a user who is there; nothing changed.
    EmailTaken(UserId),
}

impl People<'_> {
    /// Creates a user and their account, or goes on with a creation that was begun and not finished.
    ///
    /// # Errors
    /// Those of the stores; the same call may follow each of them.
    pub async fn create(&self, email: &Email, password_hash: &str) -> Result<Created, StoreError> {
        for _ in 0..ATTEMPTS {
            if let Some(holder) = self.holder(email).await? {
                return Ok(Created::EmailTaken(holder));
            }
            if let Some(created) = self.attempt(email, password_hash).await? {
                return Ok(created);
            }
        }
        Err(StoreError::Unavailable { doing: "create a user", source: "the address keeps changing hands".into() })
    }

    /// Deletes a user for ever, and their account; `false` where nothing of either was left.
    ///
    /// # Errors
    /// Those of the stores; the same call may follow each of them.
    pub async fn delete(&self, id: UserId) -> Result<bool, StoreError> {
        const ALIVE: &[UserState] = &[UserState::Creating, UserState::Active, UserState::Disabled];
        let was_alive = self.directory.set_user_state(id, ALIVE, UserState::Deleted).await?;
        let had_account = self.accounts.delete_account(id).await?;
        Ok(was_alive || had_account)
    }

    /// The user whose address it is. What a deleted one left is cleared away; one that is being created is none yet.
    async fn holder(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        let Some(account) = self.accounts.account_of(email).await? else { return Ok(None) };
        match self.directory.user(account.id).await?.map(|user| user.state) {
            Some(UserState::Creating) => Ok(None),
            Some(UserState::Deleted) => self.accounts.delete_account(account.id).await.map(|_| None),
            // An account whose user the directory does not know, say after a restore, is not ours to give away.
            Some(UserState::Active | UserState::Disabled) | None => Ok(Some(account.id)),
        }
    }

    /// `None` where somebody else came between.
    async fn attempt(&self, email: &Email, password_hash: &str) -> Result<Option<Created>, StoreError> {
        let new = UserId::new(self.clock.now(), self.random);
        let id = self.directory.begin_user(new, &creation_key(email)).await?;
        match self.accounts.create_account(id, email, password_hash).await? {
            AccountCreated::New => {}
            AccountCreated::Known => self.take_over(id, password_hash).await?,
            AccountCreated::EmailTaken(_) => {
                self.directory.set_user_state(id, &[UserState::Creating], UserState::Deleted).await?;
                return Ok(None);
            }
        }
        if self.directory.set_user_state(id, &[UserState::Creating], UserState::Active).await? {
            return Ok(Some(Created::New(id)));
        }
        match self.directory.user(id).await?.map(|user| user.state) {
            Some(UserState::Active | UserState::Disabled) => Ok(Some(Created::Known(id))),
            // Deleted before it was finished: its account, which may be younger than the tombstone, goes, too.
            _ => self.accounts.delete_account(id).await.map(|_| None),
        }
    }

    /// The account was made by a call that did not come to its end: the password of this one counts.
    async fn take_over(&self, id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let state = self.directory.user(id).await?.map(|user| user.state);
        if state == Some(UserState::Creating) {
            self.accounts.set_password_hash(id, password_hash).await?;
        }
        Ok(())
    }
}

/// What a creation is found by again: a hash, since the directory holds no addresses.
fn creation_key(email: &Email) -> [u8; 32] {
    blake3::derive_key("outhaul 2026 creation of a user", email.key().as_bytes())
}
