//! The memberships in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::{MembershipId, UserId};
use domain::membership::Membership;
use domain::time::Day;

use super::MemoryDirectory;
use super::directory::Rows;
use crate::memberships::{Import, MembershipsImported};
use crate::{Memberships, StoreError};

#[async_trait]
impl Memberships for MemoryDirectory {
    async fn import_memberships(&self, rows: Vec<Membership>) -> Result<MembershipsImported, StoreError> {
        self.with(|stored| {
            let before = stored.memberships.clone();
            let imported = import(stored, rows)?;
            if !matches!(imported, MembershipsImported::Done { .. }) {
                stored.memberships = before;
            }
            Ok(imported)
        })
    }

    async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        Ok(self.with(|stored| in_order(stored, user).into_values().cloned().collect()))
    }

    async fn memberships_page(
        &self,
        user: UserId,
        after: Option<&Membership>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        let later = |place: &(Day, MembershipId)| after.is_none_or(|after| *place > (after.valid_from, after.id));
        Ok(self.with(|stored| {
            let rows = in_order(stored, user).into_iter().filter(|(place, _)| later(place));
            rows.take(limit as usize).map(|(_, row)| row.clone()).collect()
        }))
    }
}

fn import(stored: &mut Rows, rows: Vec<Membership>) -> Result<MembershipsImported, StoreError> {
    let mut import = Import::default();
    for row in rows {
        let holder = stored.memberships.get(&row.id).map(|known| known.user);
        let count = || stored.memberships.values().filter(|known| known.user == row.user).count() as u64;
        let has_user = || Ok(stored.has_user(row.user).then(count));
        if let Some(refused) = import.judge(row.user, holder, has_user)? {
            return Ok(refused);
        }
        stored.memberships.insert(row.id, row);
    }
    Ok(import.done())
}

fn in_order(stored: &Rows, user: UserId) -> BTreeMap<(Day, MembershipId), &Membership> {
    let of_user = stored.memberships.values().filter(|row| row.user == user);
    of_user.map(|row| ((row.valid_from, row.id), row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::memberships_contract!(async |clock| ((), MemoryDirectory::new(clock)));
}
