//! The memberships: each import is one transaction.

mod import;
mod rows;
mod sql;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use domain::ids::UserId;
use domain::membership::Membership;
use postgres::Settings;
use stores::memberships::MembershipsImported;
use stores::{Memberships, StoreError};

use crate::adapter::PostgresStores;
use crate::error::store_error;
use crate::scope;

#[async_trait]
impl Memberships for PostgresStores {
    async fn import_memberships(&self, rows: Vec<Membership>) -> Result<MembershipsImported, StoreError> {
        let rows = &rows[..];
        // It says for whom as it goes on.
        let import = self.database.import(Settings::none(), |tx| Box::pin(import::import(tx, rows)));
        import.await.map_err(store_error)
    }

    async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        let all = self.database.read(scope::user(user), |tx| Box::pin(rows::all(tx, user)));
        all.await.map_err(store_error)
    }

    async fn memberships_page(
        &self,
        user: UserId,
        after: Option<&Membership>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        let page = self.database.read(scope::user(user), |tx| Box::pin(rows::page(tx, user, after, limit)));
        page.await.map_err(store_error)
    }
}
