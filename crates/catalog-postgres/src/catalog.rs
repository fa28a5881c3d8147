//! The port over one database: each call is one transaction.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use domain::clock::Clock;
use domain::finding::Finding;
use domain::ids::{ExportId, IngestId, Slug};
use domain::random::Random;
use lake::LakeError;
use lake::catalog::{Batch, BatchKey, Catalog, Commit, Pin, Pointer, Swapped};
use postgres::{Database, Migrated, PoolUse, PostgresOptions, Settings};

use crate::error::lake_error;
use crate::schema::SCHEMA;
use crate::{pins, swap};

/// A catalog in a PostgreSQL database, which any number of processes share.
pub struct PostgresCatalog {
    pub(crate) database: Database,
    clock: Arc<dyn Clock>,
}

impl PostgresCatalog {
    /// Opens a database that was migrated before; nothing in it is changed. To be called inside of a Tokio runtime.
    ///
    /// # Errors
    /// `CatalogVersion` where a newer program took away what this one uses, `Catalog` where it is not migrated or away.
    pub async fn open(
        options: &PostgresOptions,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, LakeError> {
        let catalog = Self::at(options, clock, random);
        catalog.version().await?;
        Ok(catalog)
    }

    /// The same without a look: for a doctor, and for a service that starts before its database.
    pub fn at(options: &PostgresOptions, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { database: Database::new(options, SCHEMA.name, Arc::clone(&clock), random), clock }
    }

    /// The version of the database's schema.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn version(&self) -> Result<u32, LakeError> {
        let version = self.database.read(Settings::none(), |tx| Box::pin(postgres::usable(tx, &SCHEMA)));
        version.await.map_err(lake_error)
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
/// [`PostgresCatalog`] needs.
///
/// # Errors
/// `CatalogVersion` where a newer program has migrated it; it is left as it is.
pub async fn migrate(owner: &PostgresOptions, service: &str, clock: &dyn Clock) -> Result<Migrated, LakeError> {
    postgres::migrate(owner, &SCHEMA, service, clock).await.map_err(lake_error)
}

impl fmt::Debug for PostgresCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresCatalog").finish_non_exhaustive()
    }
}

#[async_trait]
impl Catalog for PostgresCatalog {
    async fn pointer(&self) -> Result<Option<Pointer>, LakeError> {
        let pointer = self.database.read(Settings::none(), |tx| Box::pin(swap::pointer(tx)));
        Ok(pointer.await.map_err(lake_error)?.map(Pointer::to))
    }

    async fn create(&self, commit: Commit) -> Result<bool, LakeError> {
        let (settings, commit) = (for_commit(&commit), &commit);
        let create = self.database.write(settings, |tx| Box::pin(swap::create(tx, commit)));
        create.await.map_err(lake_error)
    }

    async fn swap(&self, from: &str, commit: Commit) -> Result<Swapped, LakeError> {
        let (settings, commit) = (for_commit(&commit), &commit);
        let swap = self.database.write(settings, |tx| Box::pin(swap::swap(tx, from, commit)));
        swap.await.map_err(lake_error)
    }

    async fn committed(&self, id: IngestId) -> Result<Option<i64>, LakeError> {
        // A read would see the moment before it waited.
        let committed = self.database.write(Settings::none(), |tx| Box::pin(swap::decided(tx, id)));
        committed.await.map_err(lake_error)
    }

    async fn batch(&self, key: &BatchKey) -> Result<Option<Batch>, LakeError> {
        let settings = for_organisation(&key.organisation);
        let batch = self.database.read(settings, |tx| Box::pin(swap::batch(tx, key)));
        batch.await.map_err(lake_error)
    }

    async fn pin(&self, pin: Pin) -> Result<Pin, LakeError> {
        let (settings, pin) = (for_pin(pin.export), &pin);
        let pinned = self.database.write(settings, |tx| Box::pin(pins::pin(tx, pin)));
        pinned.await.map_err(lake_error)
    }

    async fn unpin(&self, export: ExportId) -> Result<(), LakeError> {
        let unpin = self.database.write(for_pin(export), |tx| Box::pin(pins::unpin(tx, export)));
        unpin.await.map_err(lake_error)
    }

    async fn pins(&self) -> Result<Vec<Pin>, LakeError> {
        let list = Settings::none().with("outhaul.list", "pins");
        self.database.read(list, |tx| Box::pin(pins::all(tx))).await.map_err(lake_error)
    }
}

fn for_organisation(organisation: &Slug) -> Settings {
    Settings::none().with("outhaul.organisation", organisation)
}

fn for_commit(commit: &Commit) -> Settings {
    commit.batch.as_ref().map_or_else(Settings::none, |batch| for_organisation(&batch.key.organisation))
}

/// A power cut may take pins back, so nobody waits for the disk.
fn for_pin(export: ExportId) -> Settings {
    Settings::none().with("outhaul.export", export).with("synchronous_commit", "off")
}
