//! The port of the directory: which organisations exist.

use async_trait::async_trait;
use domain::ids::Slug;
use domain::time::Micros;

use crate::StoreError;

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name, which is also its key everywhere.
    pub slug: Slug,
    /// Since when it is known, by the store's clock.
    pub created_at: Micros,
}

/// Who exists. The adapter's clock is injected.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Adds an organisation; `false` where it was there already, which changes nothing.
    async fn create_organisation(&self, slug: &Slug) -> Result<bool, StoreError>;

    /// Looks an organisation up.
    async fn organisation(&self, slug: &Slug) -> Result<Option<Organisation>, StoreError>;

    /// At most `limit` organisations after `after`, by slug.
    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Organisation>, StoreError>;
}
