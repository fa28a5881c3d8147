//! The one database behind the ports.

use std::sync::Arc;

use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;
use postgres::{Database, Migrated, PoolUse, PostgresOptions, Settings};
use stores::StoreError;

use crate::error::store_error;
use crate::schema::SCHEMA;

/// The directory and the memberships in one PostgreSQL database, which any number of processes share.
pub struct PostgresStores {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
}

impl PostgresStores {
    /// Opens a database that was migrated before; nothing in it is changed. To be called inside of a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] where a newer program took away what this one uses, `Backend` where it is not migrated.
    pub async fn open(
        options: &PostgresOptions,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let stores = Self::at(options, clock, random);
        stores.version().await?;
        Ok(stores)
    }

    /// The same without a look: for a doctor, and for a service that starts before its database.
    pub fn at(options: &PostgresOptions, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { database: Database::new(options, SCHEMA.name, Arc::clone(&clock), random), clock }
    }

    /// The version of the database's schema.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn version(&self) -> Result<u32, StoreError> {
        let version = self.database.read(Settings::none(), |tx| Box::pin(postgres::usable(tx, &SCHEMA)));
        version.await.map_err(store_error)
    }

    /// What a doctor wants to know.
    pub async fn check(&self) -> Vec<Finding> {
        postgres::check(&self.database, &SCHEMA, self.clock.as_ref()).await
    }

    /// How much of the pool is used.
    pub fn pool_use(&self) -> PoolUse {
        self.database.pool_use()
    }
}

/// Brings a database to this program's version, as the owner of its tables; the role `service` gets the rights that
/// [`PostgresStores`] needs.
///
/// # Errors
/// [`StoreError::TooNew`] where a newer program has migrated it; it is left as it is.
pub async fn migrate(owner: &PostgresOptions, service: &str, clock: &dyn Clock) -> Result<Migrated, StoreError> {
    postgres::migrate(owner, &SCHEMA, service, clock).await.map_err(store_error)
}
