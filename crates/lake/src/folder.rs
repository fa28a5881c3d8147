//! A lake that lies in one data folder, and where its parts are in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::LakeError;
use crate::places::Places;

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
        let places = Places::new(folder.table());
        for inside in [folder.staging(), places.metadata().into(), places.data().into()] {
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

    /// The root of the table.
    pub(crate) fn table(&self) -> String {
        format!("{}/lake/messages", self.root)
    }
}
