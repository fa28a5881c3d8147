//! Where everything of a lake lies inside its data folder.

use std::fs;
use std::path::{Path, PathBuf};

use domain::ids::{IngestId, Slug};
use domain::time::Day;

use crate::disk;
use crate::error::LakeError;

/// The data folder of one lake, by its canonical absolute path, which is part of every path in the metadata.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: String,
}

impl Folder {
    /// Opens the folder, making what is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, LakeError> {
        disk::create_folders(path)?;
        let canonical = fs::canonicalize(path).map_err(LakeError::io("find", path))?;
        let root = canonical.into_os_string().into_string().map_err(|text| LakeError::PathText(text.into()))?;
        let folder = Self { root };
        for inside in [folder.staging(), folder.metadata().into(), folder.data().into()] {
            disk::create_folders(&inside)?;
        }
        Ok(folder)
    }

    /// The SQLite file of the catalog.
    pub(crate) fn catalog(&self) -> PathBuf {
        PathBuf::from(format!("{}/catalog.db", self.root))
    }

    /// Where ingests and commits work before anything of theirs appears in the table.
    pub(crate) fn staging(&self) -> PathBuf {
        PathBuf::from(format!("{}/staging", self.root))
    }

    /// The root of the table; nothing but files of the table lies below it.
    pub(crate) fn table(&self) -> String {
        format!("{}/lake/messages", self.root)
    }

    /// The folder of manifests, manifest lists and table metadata.
    pub(crate) fn metadata(&self) -> String {
        format!("{}/metadata", self.table())
    }

    /// The folder of data files.
    pub(crate) fn data(&self) -> String {
        format!("{}/data", self.table())
    }

    /// The path of the `number`th data file that one ingest writes for one organisation and day.
    pub(crate) fn data_file(&self, organisation: &Slug, day: Day, ingest: IngestId, number: u32) -> String {
        format!("{}/organisation={organisation}/sent_at_day={day}/{ingest}-{number}.parquet", self.data())
    }
}
