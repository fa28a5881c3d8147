//! The one file behind all ports.

use std::path::Path;
use std::sync::Arc;

use domain::clock::Clock;
use domain::limits::Limits;
use stores::StoreError;

use crate::database::Database;

/// All stores in one SQLite file; several processes may share it.
pub struct SqliteStores {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Arc<Limits>,
}

impl SqliteStores {
    /// Opens the file, making or migrating it.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] where a newer program has migrated it; it is left as it is.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, StoreError> {
        Ok(Self { database: Database::open(path).await?, clock, limits: Arc::new(limits) })
    }
}
