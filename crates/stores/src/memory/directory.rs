//! The directory in memory; the memberships stand beside it as they do in a database.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::clock::Clock;
use domain::ids::{MembershipId, Slug, TokenId, UserId};
use domain::membership::Membership;
use domain::people::{Role, UserState};
use domain::time::Micros;

use crate::{Directory, Member, MemberChange, Organisation, OrganisationToken, StoreError, User};

/// A directory that lives as long as its process. It is also the store of the memberships.
pub struct MemoryDirectory {
    clock: Arc<dyn Clock>,
    rows: Mutex<Rows>,
}

#[derive(Default)]
pub(super) struct Rows {
    organisations: BTreeMap<Slug, Micros>,
    users: BTreeMap<UserId, UserRow>,
    members: BTreeMap<(Slug, UserId), Member>,
    tokens: BTreeMap<TokenId, OrganisationToken>,
    pub(super) memberships: BTreeMap<MembershipId, Membership>,
}

struct UserRow {
    user: User,
    creation_key: Option<[u8; 32]>,
}

impl MemoryDirectory {
    /// An empty directory.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(&mut self.rows.lock().expect("no panic while the directory is held"))
    }
}

impl Rows {
    /// Whether a user is there and not deleted.
    pub(super) fn has_user(&self, id: UserId) -> bool {
        self.users.get(&id).is_some_and(|row| row.user.state != UserState::Deleted)
    }

    fn is_active(&self, id: UserId) -> bool {
        self.users.get(&id).is_some_and(|row| row.user.state == UserState::Active)
    }

    fn of_organisation(&self, organisation: &Slug) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |((slug, _), _)| slug == organisation).map(|(_, member)| member)
    }

    fn judge(&self, slug: &Slug, user: UserId, asked: Option<Role>) -> Result<MemberChange, StoreError> {
        if !self.organisations.contains_key(slug) || !self.has_user(user) {
            return Ok(MemberChange::NotThere);
        }
        let current = self.members.get(&(slug.clone(), user)).map(|member| member.role);
        MemberChange::judge(current, asked, || {
            let other = |member: &Member| member.role == Role::Admin && member.user != user;
            Ok(self.of_organisation(slug).any(|member| other(member) && self.is_active(member.user)))
        })
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.with(|rows| {
            let is_new = !rows.organisations.contains_key(slug);
            rows.organisations.entry(slug.clone()).or_insert(now);
            is_new
        }))
    }

    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError> {
        Ok(self.with(|rows| rows.organisations.get_key_value(slug).map(organisation)))
    }

    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError> {
        let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        Ok(self
            .with(|rows| rows.organisations.range::<Slug, _>(range).take(limit as usize).map(organisation).collect()))
    }

    async fn begin_user(&self, id: UserId, key: &[u8; 32]) -> Result<UserId, StoreError> {
        let user = User { id, state: UserState::Creating, created_at: self.clock.now() };
        self.with(|rows| {
            if let Some(begun) = rows.users.values().find(|row| row.creation_key.as_ref() == Some(key)) {
                return Ok(begun.user.id);
            }
            if rows.users.contains_key(&id) {
                return Err(StoreError::Backend { doing: "begin a user", source: "the id is in use".into() });
            }
            rows.users.insert(id, UserRow { user, creation_key: Some(*key) });
            Ok(id)
        })
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.with(|rows| rows.users.get(&id).map(|row| row.user)))
    }

    async fn set_user_state(&self, id: UserId, from: &[UserState], to: UserState) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            let moves = |row: &&mut UserRow| row.user.state != UserState::Deleted && from.contains(&row.user.state);
            let Some(row) = rows.users.get_mut(&id).filter(moves) else { return false };
            row.user.state = to;
            if to != UserState::Creating {
                row.creation_key = None;
            }
            if to == UserState::Deleted {
                rows.members.retain(|(_, user), _| *user != id);
            }
            true
        }))
    }

    async fn put_member(&self, organisation: &Slug, user: UserId, role: Role) -> Result<MemberChange, StoreError> {
        let now = self.clock.now();
        self.with(|rows| {
            let change = rows.judge(organisation, user, Some(role))?;
            if change == MemberChange::Changed {
                let member = rows.members.entry((organisation.clone(), user));
                member.or_insert(Member { user, role, since: now }).role = role;
            }
            Ok(change)
        })
    }

    async fn remove_member(&self, organisation: &Slug, user: UserId) -> Result<MemberChange, StoreError> {
        self.with(|rows| {
            let change = rows.judge(organisation, user, None)?;
            if change == MemberChange::Changed {
                rows.members.remove(&(organisation.clone(), user));
            }
            Ok(change)
        })
    }

    async fn role(&self, organisation: &Slug, user: UserId) -> Result<Option<Role>, StoreError> {
        Ok(self.with(|rows| {
            let member = rows.members.get(&(organisation.clone(), user)).filter(|_| rows.is_active(user));
            member.map(|member| member.role)
        }))
    }

    async fn members(&self, organisation: &Slug, after: Option<UserId>, limit: u32) -> Result<Vec<Member>, StoreError> {
        let later = |member: &&Member| after.is_none_or(|after| member.user > after);
        Ok(self.with(|rows| rows.of_organisation(organisation).filter(later).take(limit as usize).copied().collect()))
    }

    async fn organisations_of(&self, user: UserId, limit: u32) -> Result<Vec<(Slug, Role)>, StoreError> {
        Ok(self.with(|rows| {
            let of_user = rows.members.iter().filter(|((_, member), _)| *member == user);
            of_user.take(limit as usize).map(|((slug, _), member)| (slug.clone(), member.role)).collect()
        }))
    }

    async fn create_token(&self, token: &OrganisationToken) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            let is_there = rows.organisations.contains_key(&token.organisation);
            if is_there {
                rows.tokens.entry(token.id).or_insert_with(|| token.clone());
            }
            is_there
        }))
    }

    async fn token(&self, id: TokenId) -> Result<Option<OrganisationToken>, StoreError> {
        Ok(self.with(|rows| rows.tokens.get(&id).cloned()))
    }

    async fn revoke_token(&self, organisation: &Slug, id: TokenId) -> Result<bool, StoreError> {
        Ok(self.with(|rows| {
            let is_theirs = rows.tokens.get(&id).is_some_and(|token| token.organisation == *organisation);
            is_theirs && rows.tokens.remove(&id).is_some()
        }))
    }

    async fn ping_directory(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn organisation((slug, created_at): (&Slug, &Micros)) -> Organisation {
    Organisation { slug: slug.clone(), created_at: *created_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::directory_contract!(async |clock| ((), MemoryDirectory::new(clock)));
}
