//! Logins: begun, rotated, ended one by one or all at once.

use std::collections::HashMap;
use std::time::Duration;

use domain::ids::{FamilyId, UserId};
use domain::random::backoff;
use domain::refresh::Family;
use stores::StoreError;
use stores::accounts::FAMILY_PURGE_LIMIT;

use super::rows;
use crate::adapter::DynamoStores;
use crate::db::{Change, Condition, Query, Update};
use crate::error::failed;
use crate::item::{Item, Key, Read, number, text};
use crate::tables::ACCOUNTS;

/// How often a write is made anew where others came before it.
const REPEATS: u32 = 30;
const FIRST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(300);

impl DynamoStores {
    /// Reads and writes again until no other write comes between; `None` says that one did.
    pub(super) async fn until_written<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<Option<T>, StoreError>>,
    {
        for number in 0..REPEATS {
            if let Some(done) = attempt().await? {
                return Ok(done);
            }
            tokio::time::sleep(backoff(FIRST_WAIT, LONGEST_WAIT, number, self.db.calls.random.as_ref())).await;
        }
        let source = format!("{REPEATS} times another write came first").into();
        Err(StoreError::Unavailable { doing: "write an account", source })
    }

    pub(super) async fn begin_login(&self, family: &Family) -> Result<bool, StoreError> {
        let account = rows::account_key(family.user);
        let key = rows::family_key(family.user, family.id);
        self.until_written(|| async {
            let mut found = self.read_logins(&[account.clone(), key.clone()]).await?;
            let Some(account) = found.remove(&account) else { return Ok(Some(false)) };
            if found.contains_key(&key) {
                return Ok(Some(true));
            }
            let epoch = epoch_of(&account)?;
            let changes = [
                Change::Put(rows::family(family, epoch), Condition::Absent),
                Change::Put(rows::pointer(family), Condition::Absent),
                same_epoch(family.user, epoch),
            ];
            Ok(self.commit_account(&changes).await?.then_some(true))
        })
        .await
    }

    pub(super) async fn rotate_login(&self, generation: u32, next: &Family) -> Result<bool, StoreError> {
        self.until_written(|| async {
            let now = self.clock.now();
            let found = self.login(next.user, next.id).await?;
            let is_good =
                |(family, ..): &(Family, Item, String)| family.generation == generation && now < family.expires_at;
            let Some((_, item, epoch)) = found.filter(is_good) else { return Ok(Some(false)) };
            let changes = [
                Change::Put(rows::family(next, &epoch), Condition::unchanged(Some(&item))),
                same_epoch(next.user, &epoch),
            ];
            Ok(self.commit_account(&changes).await?.then_some(true))
        })
        .await
    }

    pub(super) async fn end_login(&self, id: FamilyId) -> Result<bool, StoreError> {
        self.until_written(|| async {
            let Some(user) = self.user_of(id).await? else { return Ok(Some(false)) };
            let key = rows::family_key(user, id);
            let Some(item) = self.read_logins(std::slice::from_ref(&key)).await?.remove(&key) else {
                return Ok(Some(false));
            };
            let changes = [
                Change::Delete(key, Condition::unchanged(Some(&item))),
                Change::Delete(rows::pointer_key(id), Condition::Is("holder", text(user.to_string()))),
            ];
            Ok(self.commit_account(&changes).await?.then_some(true))
        })
        .await
    }

    /// A login that is not void, its item and its epoch.
    pub(super) async fn login(&self, user: UserId, id: FamilyId) -> Result<Option<(Family, Item, String)>, StoreError> {
        let keys = [rows::account_key(user), rows::family_key(user, id)];
        let mut found = self.read_logins(&keys).await?;
        let [account, family] = keys.map(|key| found.remove(&key));
        let (Some(account), Some(item)) = (account, family) else { return Ok(None) };
        let epoch = epoch_of(&account)?.to_owned();
        let is_void = epoch_of(&item)? != epoch;
        let family = rows::read_family(&item, user, id)?;
        Ok((!is_void).then_some((family, item, epoch)))
    }

    pub(super) async fn user_of(&self, id: FamilyId) -> Result<Option<UserId>, StoreError> {
        let pointer = self.db.get(&ACCOUNTS, &rows::pointer_key(id)).await.map_err(failed("look a login up"))?;
        pointer.map(|item| Read::new(&item, "a login").parsed("holder")).transpose()
    }

    async fn read_logins(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, StoreError> {
        self.db.get_all(&ACCOUNTS, keys).await.map_err(failed("look a login up"))
    }

    /// Removes all logins of a person that are there; returns how many.
    pub(super) async fn remove_families_of(&self, user: UserId) -> Result<u64, StoreError> {
        let query = Query::range(ACCOUNTS, rows::first_of(user), rows::FAMILIES[0], rows::FAMILIES[1]).keys_only();
        let found = self.db.query(&query, usize::MAX).await.map_err(failed("look logins up"))?;
        self.remove_families(&found).await
    }

    async fn remove_families(&self, items: &[Item]) -> Result<u64, StoreError> {
        let families: Vec<_> = items.iter().map(Key::of).collect::<Result<_, _>>()?;
        let count = families.len() as u64;
        let keys: Vec<_> = families.into_iter().flat_map(|family| [rows::pointer_of(&family), family]).collect();
        self.db.remove_all(&ACCOUNTS, &keys).await.map_err(failed("remove logins"))?;
        Ok(count)
    }

    /// Page by page through all there is: accounts get another epoch, logins are removed.
    pub(super) async fn end_all_logins(&self) -> Result<u64, StoreError> {
        let (mut ended, mut next) = (0, None);
        loop {
            let (page, after) = self.db.scan(&ACCOUNTS, next).await.map_err(failed("look all logins up"))?;
            let anew = |item: &Item| Ok((Key::of(item)?, self.another_epoch()));
            let accounts = page.iter().filter(|item| rows::is_account(item)).map(anew);
            let accounts: Vec<_> = accounts.collect::<Result<_, StoreError>>()?;
            self.db.update_all(&ACCOUNTS, &accounts).await.map_err(failed("end all logins"))?;
            let families: Vec<_> = page.into_iter().filter(rows::is_family).collect();
            ended += self.remove_families(&families).await?;
            next = after;
            if next.is_none() {
                return Ok(ended);
            }
        }
    }

    pub(super) fn another_epoch(&self) -> Update {
        Update {
            expression: "SET v = v + :one, epoch = :epoch",
            condition: "attribute_exists(pk)",
            values: vec![(":one", number(1)), (":epoch", text(self.epoch()))],
        }
    }

    pub(super) async fn purge_logins(&self) -> Result<u64, StoreError> {
        let (now, most) = (self.clock.now(), FAMILY_PURGE_LIMIT as usize);
        let over = self.db.shelves(ACCOUNTS, "family", now.0, most).await.map_err(failed("look logins up"))?;
        let over: Vec<_> = over.into_iter().take(most).collect();
        self.remove_families(&over).await
    }
}

fn epoch_of(item: &Item) -> Result<&str, StoreError> {
    Read::new(item, "an account").text("epoch")
}

fn same_epoch(user: UserId, epoch: &str) -> Change {
    Change::Check(rows::account_key(user), Condition::Is("epoch", text(epoch)))
}
