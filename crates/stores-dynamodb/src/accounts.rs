//! The accounts: people, their addresses and their logins.
//!
//! All logins of a person end by one write: each carries the epoch of the account that it began in, and an account that is
//! gone or has another one makes them void. Their items are removed behind that.

mod rows;
mod sessions;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use domain::ids::{FamilyId, UserId};
use domain::people::Email;
use domain::refresh::Family;
use stores::{Account, AccountCreated, Accounts, StoreError};

use crate::adapter::DynamoStores;
use crate::db::{Change, Condition};
use crate::error::{failed, refused};
use crate::item::{Item, Read, Write, text};
use crate::tables::ACCOUNTS;

#[async_trait]
impl Accounts for DynamoStores {
    async fn create_account(
        &self,
        id: UserId,
        email: &Email,
        password_hash: &str,
    ) -> Result<AccountCreated, StoreError> {
        let new = rows::new_account(id, email, password_hash, self.clock.now(), &self.epoch());
        let address = rows::address(email, id);
        self.until_written(|| async {
            if let Some(known) = self.known(id, email).await? {
                return Ok(Some(known));
            }
            let changes =
                [Change::Put(new.clone(), Condition::Absent), Change::Put(address.clone(), Condition::Absent)];
            let written = self.commit_account(&changes).await?;
            Ok(written.then_some(AccountCreated::New))
        })
        .await
    }

    async fn account_of(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        match self.holder_of(email).await? {
            Some(id) => self.account(id).await,
            None => Ok(None),
        }
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.account_item(id).await?.map(|item| rows::account(&item)).transpose()
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<bool, StoreError> {
        let epoch = self.epoch();
        let is_set = self.until_written(|| async {
            let Some(item) = self.account_item(id).await? else { return Ok(Some(false)) };
            let changed = Write::new(&rows::account_key(id)).text("password_hash", password_hash);
            let changed = changed.text("epoch", &epoch).over(&item).item();
            let changes = [Change::Put(changed, Condition::unchanged(Some(&item)))];
            Ok(self.commit_account(&changes).await?.then_some(true))
        });
        let is_set = is_set.await?;
        self.remove_families_of(id).await?;
        Ok(is_set)
    }

    async fn delete_account(&self, id: UserId) -> Result<bool, StoreError> {
        let is_deleted = self.until_written(|| async {
            let Some(item) = self.account_item(id).await? else { return Ok(Some(false)) };
            let address = rows::address_key(&rows::account(&item)?.email);
            let changes = [
                Change::Delete(rows::account_key(id), Condition::unchanged(Some(&item))),
                Change::Delete(address, Condition::Is("holder", text(id.to_string()))),
            ];
            Ok(self.commit_account(&changes).await?.then_some(true))
        });
        let is_deleted = is_deleted.await?;
        self.remove_families_of(id).await?;
        Ok(is_deleted)
    }

    async fn begin_family(&self, family: &Family) -> Result<bool, StoreError> {
        self.begin_login(family).await
    }

    async fn family(&self, id: FamilyId) -> Result<Option<Family>, StoreError> {
        let Some(user) = self.user_of(id).await? else { return Ok(None) };
        let found = self.login(user, id).await?;
        Ok(found.map(|(family, ..)| family).filter(|family| self.clock.now() < family.expires_at))
    }

    async fn rotate_family(&self, generation: u32, next: &Family) -> Result<bool, StoreError> {
        self.rotate_login(generation, next).await
    }

    async fn end_family(&self, id: FamilyId) -> Result<bool, StoreError> {
        self.end_login(id).await
    }

    async fn end_families_of(&self, user: UserId) -> Result<u64, StoreError> {
        let epoch = self.epoch();
        self.until_written(|| async {
            let Some(item) = self.account_item(user).await? else { return Ok(Some(())) };
            let changed = Write::new(&rows::account_key(user)).text("epoch", &epoch).over(&item).item();
            let changes = [Change::Put(changed, Condition::unchanged(Some(&item)))];
            Ok(self.commit_account(&changes).await?.then_some(()))
        })
        .await?;
        self.remove_families_of(user).await
    }

    async fn end_all_families(&self) -> Result<u64, StoreError> {
        self.end_all_logins().await
    }

    async fn purge_families(&self) -> Result<u64, StoreError> {
        self.purge_logins().await
    }
}

impl DynamoStores {
    /// What stands in the way of a new account, if anything does. An account comes with its address by one write, so it is looked
    /// for before it: who finds none and then the address of the same user comes behind that write.
    async fn known(&self, id: UserId, email: &Email) -> Result<Option<AccountCreated>, StoreError> {
        let there = self.account_item(id).await?.as_ref().map(rows::account).transpose()?;
        match self.holder_of(email).await? {
            Some(holder) if holder == id => Ok(Some(AccountCreated::Known)),
            Some(other) => Ok(Some(AccountCreated::EmailTaken(other))),
            None if there.is_some() => Err(refused("create an account", "the user has another address")),
            None => Ok(None),
        }
    }

    async fn holder_of(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        let item = self.db.get(&ACCOUNTS, &rows::address_key(email)).await.map_err(failed("look an address up"))?;
        item.map(|item| Read::new(&item, "an address").parsed("holder")).transpose()
    }

    async fn account_item(&self, id: UserId) -> Result<Option<Item>, StoreError> {
        self.db.get(&ACCOUNTS, &rows::account_key(id)).await.map_err(failed("look an account up"))
    }

    async fn commit_account(&self, changes: &[Change]) -> Result<bool, StoreError> {
        self.db.commit(&ACCOUNTS, changes).await.map_err(failed("write an account"))
    }

    /// What no epoch was before.
    fn epoch(&self) -> String {
        let mut bytes = [0; 16];
        self.db.calls.random.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
