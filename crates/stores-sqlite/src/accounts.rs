//! The accounts: each call is one transaction; nothing here looks at the directory.

mod rows;
mod sql;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::{FamilyId, UserId};
use domain::people::Email;
use domain::refresh::Family;
use rusqlite::{Transaction, params};
use stores::accounts::{EMPTY_PROFILE, FAMILY_PURGE_LIMIT};
use stores::{Account, AccountCreated, Accounts, StoreError};

use crate::adapter::SqliteStores;
use crate::failpoint;
use crate::rows::{parse, run, value};

#[async_trait]
impl Accounts for SqliteStores {
    async fn create_account(
        &self,
        id: UserId,
        email: &Email,
        password_hash: &str,
    ) -> Result<AccountCreated, StoreError> {
        let (email, hash, clock) = (email.clone(), password_hash.to_owned(), Arc::clone(&self.clock));
        let create = move |tx: &Transaction<'_>| {
            if let Some(holder) = value::<String>(tx, sql::HOLDER, [email.key()], "look an account up")? {
                let holder = parse("an account", &holder)?;
                return Ok(if holder == id { AccountCreated::Known } else { AccountCreated::EmailTaken(holder) });
            }
            let values = params![id.to_string(), email.key(), email.as_str(), hash, EMPTY_PROFILE, clock.now().0];
            run(tx, sql::CREATE, values, "create an account").map(|_| AccountCreated::New)
        };
        self.database.write(failpoint::CREATE_ACCOUNT, create).await
    }

    async fn account_of(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let key = email.key();
        self.database.read(move |tx| rows::account(tx, sql::BY_EMAIL, &key)).await
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.database.read(move |tx| rows::account(tx, sql::BY_ID, &id.to_string())).await
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<bool, StoreError> {
        let (id, hash) = (id.to_string(), password_hash.to_owned());
        let set = move |tx: &Transaction<'_>| {
            run(tx, sql::END_FAMILIES, [&id], "end logins")?;
            Ok(run(tx, sql::SET_PASSWORD, [&id, &hash], "set a password")? == 1)
        };
        self.database.write(failpoint::SET_PASSWORD, set).await
    }

    async fn delete_account(&self, id: UserId) -> Result<bool, StoreError> {
        // Its families go with it.
        let delete = move |tx: &Transaction<'_>| Ok(run(tx, sql::DELETE, [id.to_string()], "delete an account")? == 1);
        self.database.write(failpoint::DELETE_ACCOUNT, delete).await
    }

    async fn begin_family(&self, family: &Family) -> Result<bool, StoreError> {
        let family = family.clone();
        self.database.write(failpoint::FAMILY, move |tx| rows::begin(tx, &family)).await
    }

    async fn family(&self, id: FamilyId) -> Result<Option<Family>, StoreError> {
        let now = self.clock.now();
        self.database.read(move |tx| rows::family(tx, id, now)).await
    }

    async fn rotate_family(&self, generation: u32, next: &Family) -> Result<bool, StoreError> {
        let (next, clock) = (next.clone(), Arc::clone(&self.clock));
        let rotate = move |tx: &Transaction<'_>| rows::rotate(tx, generation, &next, clock.now());
        self.database.write(failpoint::FAMILY, rotate).await
    }

    async fn end_family(&self, id: FamilyId) -> Result<bool, StoreError> {
        let end = move |tx: &Transaction<'_>| Ok(run(tx, sql::END_FAMILY, [id.to_string()], "end a login")? == 1);
        self.database.write(failpoint::FAMILY, end).await
    }

    async fn end_families_of(&self, user: UserId) -> Result<u64, StoreError> {
        let end = move |tx: &Transaction<'_>| Ok(run(tx, sql::END_FAMILIES, [user.to_string()], "end logins")? as u64);
        self.database.write(failpoint::FAMILY, end).await
    }

    async fn end_all_families(&self) -> Result<u64, StoreError> {
        let end = move |tx: &Transaction<'_>| Ok(run(tx, sql::END_ALL_FAMILIES, [], "end all logins")? as u64);
        self.database.write(failpoint::FAMILY, end).await
    }

    async fn purge_families(&self) -> Result<u64, StoreError> {
        let now = self.clock.now().0;
        let purge = move |tx: &Transaction<'_>| {
            Ok(run(tx, sql::PURGE, params![now, FAMILY_PURGE_LIMIT], "remove logins that ran out")? as u64)
        };
        self.database.write(failpoint::NONE, purge).await
    }
}
