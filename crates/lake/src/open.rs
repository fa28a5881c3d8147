//! What a lake is put together from, and how it is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::random::Random;

use crate::catalog::{Catalog, Pointer, SqliteCatalog};
use crate::disk;
use crate::error::LakeError;
use crate::folder::Folder;
use crate::lake::{Lake, LakeOptions};
use crate::places::Places;
use crate::storage::{LocalDisk, Storage, location, path_of};

/// What a lake consists of.
#[derive(Clone)]
pub struct LakeParts {
    /// A folder of this machine where ingests and commits work before anything of theirs appears in the table. Processes
    /// of one machine may share it, and clear up after each other. A local table needs it on its file system.
    pub staging: PathBuf,
    /// Where the table lies.
    pub storage: Arc<dyn Storage>,
    /// What points to it.
    pub catalog: Arc<dyn Catalog>,
    /// How long a file may lie in the table that nothing here names before it is called an orphan: longer than any ingest
    /// takes from its first file to its commit. Zero where all who write share the staging folder, and so are seen.
    pub orphan_age: Duration,
}

impl LakeParts {
    /// An age of orphans for writers that do not see each other.
    pub const ORPHAN_AGE: Duration = Duration::from_secs(72 * 60 * 60);

    /// All of it in one data folder, which is made if it is not there. A catalog call waits for other processes for at most
    /// `busy_timeout`.
    ///
    /// # Errors
    /// `CatalogVersion` if a newer program wrote the catalog.
    pub async fn in_folder(folder: impl Into<PathBuf>, busy_timeout: Duration) -> Result<Self, LakeError> {
        let path = folder.into();
        let (folder, gate) = disk::blocking(move || {
            let folder = Folder::open(&path)?;
            let gate = crate::staging::close_gate(&folder.staging())?;
            Ok((folder, gate))
        })
        .await?;
        // SQLite cannot wait for another process that changes the journal mode of a new file.
        let catalog = Arc::new(SqliteCatalog::open(folder.catalog(), busy_timeout).await?);
        drop(gate);
        let storage = Arc::new(LocalDisk::new(folder.table()));
        Ok(Self { staging: folder.staging(), storage, catalog, orphan_age: Duration::ZERO })
    }
}

impl fmt::Debug for LakeParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The catalog may know a password.
        let mut shown = formatter.debug_struct("LakeParts");
        shown.field("staging", &self.staging).field("storage", &self.storage).field("orphan_age", &self.orphan_age);
        shown.finish_non_exhaustive()
    }
}

impl Lake {
    /// Opens the lake of a data folder, making both if they are not there.
    ///
    /// The folder cannot be moved or renamed afterwards, since Iceberg metadata holds absolute paths.
    ///
    /// # Errors
    /// `Moved` if it was; `CatalogVersion` if a newer program wrote it.
    pub async fn open(
        folder: impl Into<PathBuf>,
        options: LakeOptions,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, LakeError> {
        let parts = LakeParts::in_folder(folder, options.busy_timeout).await?;
        Self::open_with(parts, options, clock, random).await
    }

    /// Opens the lake of these parts, making its table if the catalog has none.
    ///
    /// # Errors
    /// `Moved` or `Unusable` if the catalog's table lies elsewhere than the storage.
    pub async fn open_with(
        parts: LakeParts,
        options: LakeOptions,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, LakeError> {
        let root = parts.staging.clone();
        disk::blocking(move || disk::create_folders(&root)).await?;
        let lake = Self::new(parts, options, clock, random);
        lake.find_or_make_table().await?;
        Ok(lake)
    }

    async fn find_or_make_table(&self) -> Result<(), LakeError> {
        let pointer = match self.parts.catalog.pointer().await? {
            Some(pointer) => pointer,
            None => {
                let staging = Arc::new(self.staging().await?);
                let made = self.committer().create(&staging, self.options.metadata_versions).await;
                self.settle(staging).await?;
                return made.map(drop);
            }
        };
        check_place(place(&pointer), &self.places)
    }
}

/// Where the files of the table that a catalog points to lie: a catalog that hands metadata out keeps it where it likes.
fn place(pointer: &Pointer) -> &str {
    let snapshot = pointer.metadata.as_ref().and_then(|metadata| metadata.current_snapshot());
    snapshot.map_or(&pointer.location, |snapshot| snapshot.manifest_list())
}

/// Whether the table that the catalog points to is the one of the storage.
fn check_place(pointer: &str, places: &Places) -> Result<(), LakeError> {
    let here = places.metadata();
    if pointer.starts_with(&location(&here)) {
        return Ok(());
    }
    let there = path_of(pointer);
    if here.starts_with('/') && there.starts_with('/') {
        let folder = |path: &str| path.rsplit_once("/lake/").map_or(path, |(folder, _)| folder).to_owned();
        return Err(LakeError::Moved { was: folder(there), is: folder(&here) });
    }
    let table = |path: &str| path.rsplit_once("/metadata").map_or(path, |(table, _)| table).to_owned();
    Err(LakeError::Unusable(format!(
        "the catalog's table lies at {}, the storage is at {}",
        table(there),
        places.table()
    )))
}
