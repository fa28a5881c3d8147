//! The accounts in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::clock::Clock;
use domain::ids::{FamilyId, UserId};
use domain::people::Email;
use domain::refresh::Family;

use crate::accounts::{EMPTY_PROFILE, FAMILY_PURGE_LIMIT};
use crate::{Account, AccountCreated, Accounts, StoreError};

/// Accounts that live as long as their process.
pub struct MemoryAccounts {
    clock: Arc<dyn Clock>,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    accounts: BTreeMap<UserId, Account>,
    families: BTreeMap<FamilyId, Family>,
}

impl MemoryAccounts {
    /// No accounts.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(&mut self.rows.lock().expect("no panic while the accounts are held"))
    }
}

impl Rows {
    fn of(&self, email: &Email) -> Option<&Account> {
        self.accounts.values().find(|account| account.email.key() == email.key())
    }

    fn end_families(&mut self, user: UserId) -> u64 {
        let before = self.families.len();
        self.families.retain(|_, family| family.user != user);
        (before - self.families.len()) as u64
    }
}

#[async_trait]
impl Accounts for MemoryAccounts {
    async fn create_account(
        &self,
        id: UserId,
        email: &Email,
        password_hash: &str,
    ) -> Result<AccountCreated, StoreError> {
        let account = Account {
            id,
            email: email.clone(),
            password_hash: password_hash.to_owned(),
            profile: EMPTY_PROFILE.to_owned(),
            created_at: self.clock.now(),
        };
        self.with(|rows| match rows.of(email) {
            Some(known) if known.id == id => Ok(AccountCreated::Known),
            Some(other) => Ok(AccountCreated::EmailTaken(other.id)),
            None if rows.accounts.contains_key(&id) => {
                let source = "the user has another address".into();
                Err(StoreError::Backend { doing: "create an account", source })
            }
            None => {
                rows.accounts.insert(id, account);
                Ok(AccountCreated::New)
            }
        })
    }

    async fn account_of(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        Ok(self.with(|rows| rows.of(email).cloned()))
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.with(|rows| rows.accounts.get(&id).cloned()))
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            let Some(account) = rows.accounts.get_mut(&id) else { return false };
            account.password_hash = password_hash.to_owned();
            rows.end_families(id);
            true
        }))
    }

    async fn delete_account(&self, id: UserId) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            rows.end_families(id);
            rows.accounts.remove(&id).is_some()
        }))
    }

    async fn begin_family(&self, family: &Family) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            let has_account = rows.accounts.contains_key(&family.user);
            if has_account {
                rows.families.entry(family.id).or_insert_with(|| family.clone());
            }
            has_account
        }))
    }

    async fn family(&self, id: FamilyId) -> Result<Option<Family>, StoreError> {
        let now = self.clock.now();
        Ok(self.with(|rows| rows.families.get(&id).filter(|family| now < family.expires_at).cloned()))
    }

    async fn rotate_family(&self, generation: u32, next: &Family) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.with(|rows| {
            let good = |family: &&mut Family| family.generation == generation && now < family.expires_at;
            let Some(family) = rows.families.get_mut(&next.id).filter(good) else { return false };
            family.clone_from(next);
            true
        }))
    }

    async fn end_family(&self, id: FamilyId) -> Result<bool, StoreError> {
        Ok(self.with(|rows| rows.families.remove(&id).is_some()))
    }

    async fn end_families_of(&self, user: UserId) -> Result<u64, StoreError> {
        Ok(self.with(|rows| rows.end_families(user)))
    }

    async fn end_all_families(&self) -> Result<u64, StoreError> {
        Ok(self.with(|rows| std::mem::take(&mut rows.families).len() as u64))
    }

    async fn purge_families(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        Ok(self.with(|rows| {
            let over = rows.families.values().filter(|family| family.expires_at <= now);
            let over: BTreeSet<_> = over.map(|family| family.id).take(FAMILY_PURGE_LIMIT as usize).collect();
            rows.families.retain(|id, _| !over.contains(id));
            over.len() as u64
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::accounts_contract!(async |clock| ((), MemoryAccounts::new(clock)));

    crate::people_contract!(async |clock: Arc<dyn Clock>| {
        let directory: Arc<dyn crate::Directory> = Arc::new(crate::memory::MemoryDirectory::new(Arc::clone(&clock)));
        let accounts: Arc<dyn Accounts> = Arc::new(MemoryAccounts::new(clock));
        ((), directory, accounts)
    });
}
