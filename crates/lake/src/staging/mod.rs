//! The folder an ingest or a commit works in, and the record of what it puts outside, so that a crash leaves nothing.

mod intent;
mod sweep;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use domain::ids::IngestId;

pub(crate) use intent::{Intent, announced};
pub use sweep::Swept;
pub(crate) use sweep::{folders, sweep};

use crate::disk;
use crate::error::LakeError;

const LOCK: &str = "lock";

/// A folder `staging/{id}` that belongs to this process for as long as the value lives.
///
/// Everything that is put outside the folder is announced first, durably, in its file `intent`. [`Staging::discard`]
/// and the commit end the work; a dropped or crashed one is ended by the next sweep.
#[derive(Debug)]
pub struct Staging {
    id: IngestId,
    folder: PathBuf,
    table: String,
    intent: Mutex<File>,
    _lock: File,
}

impl Staging {
    /// Makes the folder under `root` for files that go to places under `table`.
    pub(crate) fn create(root: &Path, table: String, id: IngestId) -> Result<Self, LakeError> {
        disk::create_folders(root)?;
        let folder = root.join(id.to_string());
        let gate = close_gate(root)?;
        disk::create_folders(&folder)?;
        let lock = disk::create_file(&folder.join(LOCK))?;
        lock.lock().map_err(LakeError::io("lock", &folder))?;
        drop(gate);
        let intent = Mutex::new(intent::create(&folder)?);
        Ok(Self { id, folder, table, intent, _lock: lock })
    }

    /// The id of the ingest or commit; part of the names of its files.
    pub fn id(&self) -> IngestId {
        self.id
    }

    /// The private folder, on the same file system as the table. All that is in it disappears at the end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records, durably, the absolute paths of data files (and their sums) that are about to be renamed into the table.
    ///
    /// They are removed again if the ingest is discarded, or found dead before it committed.
    pub fn announce<P: AsRef<str>>(&self, paths: &[P]) -> Result<(), LakeError> {
        let data = |path: &P| Intent::Data { path: path.as_ref().to_owned() };
        self.record(&paths.iter().map(data).collect::<Vec<_>>())
    }

    pub(crate) fn record(&self, intents: &[Intent]) -> Result<(), LakeError> {
        let mut file = self.intent.lock().unwrap_or_else(PoisonError::into_inner);
        intent::append(&mut file, intents).map_err(LakeError::io("write", &self.folder))
    }

    /// Ends work that committed nothing: removes every file it announced and its folder.
    pub fn discard(self) -> Result<(), LakeError> {
        settle(&self.folder, &self.table, None)
    }

    /// Ends work of which attempt `won`, or none, was committed: removes what nobody needs, and the folder.
    pub(crate) fn settle(&self, won: Option<i64>) -> Result<(), LakeError> {
        settle(&self.folder, &self.table, won)
    }
}

/// Carries out what the intent file of a dead or finished folder asks for, then removes the folder. May be repeated.
fn settle(folder: &Path, table: &str, won: Option<i64>) -> Result<(), LakeError> {
    for intent in announced(folder)? {
        if intent.is_refuse(won) {
            remove_from_table(table, intent.path())?;
        }
    }
    disk::remove_folder(folder)
}

/// Removes a file of the table and the folders that this leaves empty.
fn remove_from_table(table: &str, path: &str) -> Result<(), LakeError> {
    let (table, path) = (Path::new(table), Path::new(path));
    if !path.starts_with(table) || path.components().any(|part| part.as_os_str() == "..") {
        return Err(LakeError::Unusable(format!("an intent names {}, which is not in the table", path.display())));
    }
    disk::remove_file(path)?;
    let data = table.join("data");
    let mut above = path.ancestors().skip(1).take_while(|folder| *folder != data && folder.starts_with(&data));
    // A folder that is not empty, or already gone, ends the walk.
    above.try_for_each(|folder| fs::remove_dir(folder).ok());
    Ok(())
}

/// While this is held no folder is between being made and being locked.
pub(crate) fn close_gate(root: &Path) -> Result<File, LakeError> {
    let path = root.join(LOCK);
    let gate = match disk::create_file(&path) {
        Ok(file) => file,
        Err(_) => File::open(&path).map_err(LakeError::io("open", &path))?,
    };
    gate.lock().map_err(LakeError::io("lock", &path))?;
    Ok(gate)
}

/// Takes over the lock of a folder whose owner is dead; `None` while the owner lives.
fn take_over(root: &Path, folder: &Path) -> Result<Option<Option<File>>, LakeError> {
    let _gate = close_gate(root)?;
    let path = folder.join(LOCK);
    let lock = match File::open(&path) {
        Ok(lock) => lock,
        // Half removed: nobody can own it any more.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(None)),
        Err(error) => return Err(LakeError::io("open", &path)(error)),
    };
    match lock.try_lock() {
        Ok(()) => Ok(Some(Some(lock))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(LakeError::io("lock", &path)(error)),
    }
}
