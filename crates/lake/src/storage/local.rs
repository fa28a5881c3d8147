//! The local disk: a file is there complete and durable, or not at all.

use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use domain::time::Micros;

use super::place::place;
use super::{Listed, Put, Storage};
use crate::disk;
use crate::error::LakeError;
use crate::parquet::{BlockSource, BlockStore, LocalBlocks};

/// A folder of the local disk. What is put must lie on the same file system: it is renamed into its place.
#[derive(Clone, Debug)]
pub struct LocalDisk {
    table: String,
}

impl LocalDisk {
    /// The folder of a table, by its absolute path.
    pub fn new(table: impl Into<String>) -> Self {
        Self { table: table.into() }
    }
}

impl BlockStore for LocalDisk {
    fn open(&self, path: &str, bytes: u64) -> Result<Box<dyn BlockSource>, LakeError> {
        LocalBlocks.open(path, bytes)
    }
}

impl Storage for LocalDisk {
    fn table(&self) -> &str {
        &self.table
    }

    fn put_files(&self, files: &[Put]) -> Result<(), LakeError> {
        place(files)
    }

    fn put(&self, path: &str, bytes: Bytes, scratch: &Path) -> Result<(), LakeError> {
        let path = Path::new(path);
        let name = path.file_name().ok_or_else(|| LakeError::io("write", path)(ErrorKind::InvalidFilename.into()))?;
        disk::write_file(path, &scratch.join(name), &bytes)
    }

    fn read(&self, path: &str) -> Result<Bytes, LakeError> {
        fs::read(path).map(Bytes::from).map_err(LakeError::io("read", Path::new(path)))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, LakeError> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LakeError::io("look at", Path::new(path))(error)),
        }
    }

    /// Removes the folders of data files that this leaves empty, too.
    fn remove(&self, path: &str) -> Result<(), LakeError> {
        let (data, path) = (Path::new(&self.table).join("data"), Path::new(path));
        disk::remove_file(path)?;
        let mut above = path.ancestors().skip(1).take_while(|folder| *folder != data && folder.starts_with(&data));
        // A folder that is not empty, or already gone, ends the walk.
        above.try_for_each(|folder| fs::remove_dir(folder).ok());
        Ok(())
    }

    fn list(&self, below: &str) -> Result<Vec<Listed>, LakeError> {
        let (mut folders, mut files) = (vec![PathBuf::from(below)], Vec::new());
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                // Emptied and removed meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(LakeError::io("list", &folder)(error)),
            };
            for entry in entries {
                let entry = entry.map_err(LakeError::io("list", &folder))?;
                match entry.file_type().map_err(LakeError::io("look at", &entry.path()))?.is_dir() {
                    true => folders.push(entry.path()),
                    false => files.extend(listed(&entry).map_err(LakeError::io("look at", &entry.path()))?),
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

/// `None` for a file that was removed meanwhile.
fn listed(entry: &DirEntry) -> io::Result<Option<Listed>> {
    let metadata = match entry.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    let age = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let written_at = Micros(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
    Ok(Some(Listed { path: entry.path().to_string_lossy().into_owned(), bytes: metadata.len(), written_at }))
}
