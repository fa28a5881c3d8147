//! The directory: each call is one transaction.

mod people;
mod sql;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::{Slug, TokenId, UserId};
use domain::people::{Role, UserState};
use domain::time::Micros;
use rusqlite::{Row, Transaction, params};
use stores::{Directory, Member, MemberChange, Organisation, OrganisationToken, StoreError, User};

pub(crate) use self::people::{key_of, key_of_living};
use crate::adapter::SqliteStores;
use crate::failpoint;
use crate::rows::{many, parse, run, value};

#[async_trait]
impl Directory for SqliteStores {
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError> {
        let (slug, now) = (slug.to_string(), self.clock.now().0);
        let insert = move |tx: &Transaction<'_>| {
            Ok(run(tx, sql::CREATE_ORGANISATION, params![slug, now], "add an organisation")? == 1)
        };
        self.database.write(failpoint::NONE, insert).await
    }

    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError> {
        let slug = slug.clone();
        let select = move |tx: &Transaction<'_>| {
            let created_at = value(tx, sql::ORGANISATION, [slug.as_str()], "look an organisation up")?;
            Ok(created_at.map(|micros| Organisation { slug, created_at: Micros(micros) }))
        };
        self.database.read(select).await
    }

    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError> {
        // No slug is empty, so all come after that.
        let after = after.map_or(String::new(), Slug::to_string);
        let page = move |tx: &Transaction<'_>| {
            let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
            let rows = many(tx, sql::ORGANISATIONS, params![after, limit], read, "list organisations")?;
            let organisation = |(slug, created_at): (String, i64)| {
                Ok(Organisation { slug: parse("an organisation", &slug)?, created_at: Micros(created_at) })
            };
            rows.into_iter().map(organisation).collect()
        };
        self.database.read(page).await
    }

    async fn begin_user(&self, id: UserId, key: &[u8; 32]) -> Result<UserId, StoreError> {
        let (key, clock) = (*key, Arc::clone(&self.clock));
        self.database.write(failpoint::BEGIN_USER, move |tx| people::begin(tx, id, &key, clock.now())).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.database.read(move |tx| people::user(tx, id)).await
    }

    async fn set_user_state(&self, id: UserId, from: &[UserState], to: UserState) -> Result<bool, StoreError> {
        let from = from.to_vec();
        self.database.write(failpoint::USER_STATE, move |tx| people::set_state(tx, id, &from, to)).await
    }

    async fn put_member(&self, organisation: &Slug, user: UserId, role: Role) -> Result<MemberChange, StoreError> {
        let (slug, clock) = (organisation.clone(), Arc::clone(&self.clock));
        let put = move |tx: &Transaction<'_>| people::set_role(tx, &slug, user, Some(role), clock.now());
        self.database.write(failpoint::MEMBER, put).await
    }

    async fn remove_member(&self, organisation: &Slug, user: UserId) -> Result<MemberChange, StoreError> {
        let (slug, clock) = (organisation.clone(), Arc::clone(&self.clock));
        let remove = move |tx: &Transaction<'_>| people::set_role(tx, &slug, user, None, clock.now());
        self.database.write(failpoint::MEMBER, remove).await
    }

    async fn role(&self, organisation: &Slug, user: UserId) -> Result<Option<Role>, StoreError> {
        let slug = organisation.clone();
        self.database.read(move |tx| people::role(tx, slug.as_str(), user)).await
    }

    async fn members(&self, organisation: &Slug, after: Option<UserId>, limit: u32) -> Result<Vec<Member>, StoreError> {
        let slug = organisation.clone();
        self.database.read(move |tx| people::members(tx, slug.as_str(), after, limit)).await
    }

    async fn organisations_of(&self, user: UserId, limit: u32) -> Result<Vec<(Slug, Role)>, StoreError> {
        self.database.read(move |tx| people::organisations_of(tx, user, limit)).await
    }

    async fn create_token(&self, token: &OrganisationToken) -> Result<bool, StoreError> {
        let token = token.clone();
        self.database.write(failpoint::TOKEN, move |tx| tokens::create(tx, &token)).await
    }

    async fn token(&self, id: TokenId) -> Result<Option<OrganisationToken>, StoreError> {
        self.database.read(move |tx| tokens::get(tx, id)).await
    }

    async fn revoke_token(&self, organisation: &Slug, id: TokenId) -> Result<bool, StoreError> {
        let slug = organisation.clone();
        self.database.write(failpoint::TOKEN, move |tx| tokens::revoke(tx, &slug, id)).await
    }

    async fn ping_directory(&self) -> Result<(), StoreError> {
        self.database.read(|tx| crate::schema::version(tx).map(drop)).await
    }
}
