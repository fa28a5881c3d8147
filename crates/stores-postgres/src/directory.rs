//! The directory: each call is one transaction, for an organisation, a user, or both.

mod organisations;
mod people;
mod sql;
#[cfg(test)]
mod tests;
mod tokens;

use async_trait::async_trait;
use domain::ids::{Slug, TokenId, UserId};
use domain::people::{Role, UserState};
use stores::{Directory, Member, MemberChange, Organisation, OrganisationToken, StoreError, User};

use crate::adapter::PostgresStores;
use crate::error::store_error;
use crate::scope;

#[async_trait]
impl Directory for PostgresStores {
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let create =
            self.database.write(scope::organisation(slug), |tx| Box::pin(organisations::create(tx, slug, now)));
        create.await.map_err(store_error)
    }

    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError> {
        let find = self.database.read(scope::organisation(slug), |tx| Box::pin(organisations::find(tx, slug)));
        find.await.map_err(store_error)
    }

    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError> {
        let page = self.database.read(scope::list(), |tx| Box::pin(organisations::page(tx, after, limit)));
        page.await.map_err(store_error)
    }

    async fn begin_user(&self, id: UserId, key: &[u8; 32]) -> Result<UserId, StoreError> {
        let now = self.clock.now();
        let begin = self.database.write(scope::creation(id, key), |tx| Box::pin(people::begin(tx, id, key, now)));
        begin.await.map_err(store_error)
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let user = self.database.read(scope::user(id), |tx| Box::pin(people::user(tx, id)));
        user.await.map_err(store_error)
    }

    async fn set_user_state(&self, id: UserId, from: &[UserState], to: UserState) -> Result<bool, StoreError> {
        let set = self.database.write(scope::user(id), |tx| Box::pin(people::set_state(tx, id, from, to)));
        set.await.map_err(store_error)
    }

    async fn put_member(&self, organisation: &Slug, user: UserId, role: Role) -> Result<MemberChange, StoreError> {
        let (scope, now) = (scope::member(organisation, user), self.clock.now());
        let asked = Some(role);
        let put = self.database.write(scope, |tx| Box::pin(people::set_role(tx, organisation, user, asked, now)));
        put.await.map_err(store_error)
    }

    async fn remove_member(&self, organisation: &Slug, user: UserId) -> Result<MemberChange, StoreError> {
        let (scope, now) = (scope::member(organisation, user), self.clock.now());
        let remove = self.database.write(scope, |tx| Box::pin(people::set_role(tx, organisation, user, None, now)));
        remove.await.map_err(store_error)
    }

    async fn role(&self, organisation: &Slug, user: UserId) -> Result<Option<Role>, StoreError> {
        let scope = scope::member(organisation, user);
        let role = self.database.read(scope, |tx| Box::pin(people::role(tx, organisation, user)));
        role.await.map_err(store_error)
    }

    async fn members(&self, organisation: &Slug, after: Option<UserId>, limit: u32) -> Result<Vec<Member>, StoreError> {
        let scope = scope::organisation(organisation);
        let members = self.database.read(scope, |tx| Box::pin(people::members(tx, organisation, after, limit)));
        members.await.map_err(store_error)
    }

    async fn organisations_of(&self, user: UserId, limit: u32) -> Result<Vec<(Slug, Role)>, StoreError> {
        let of = self.database.read(scope::user(user), |tx| Box::pin(people::organisations_of(tx, user, limit)));
        of.await.map_err(store_error)
    }

    async fn create_token(&self, token: &OrganisationToken) -> Result<bool, StoreError> {
        let scope = scope::organisation(&token.organisation);
        let create = self.database.write(scope, |tx| Box::pin(tokens::create(tx, token)));
        create.await.map_err(store_error)
    }

    async fn token(&self, id: TokenId) -> Result<Option<OrganisationToken>, StoreError> {
        let token = self.database.read(scope::token(id), |tx| Box::pin(tokens::find(tx, id)));
        token.await.map_err(store_error)
    }

    async fn revoke_token(&self, organisation: &Slug, id: TokenId) -> Result<bool, StoreError> {
        let scope = scope::organisation(organisation);
        let revoke = self.database.write(scope, |tx| Box::pin(tokens::revoke(tx, organisation, id)));
        revoke.await.map_err(store_error)
    }

    async fn ping_directory(&self) -> Result<(), StoreError> {
        self.version().await.map(drop)
    }
}
