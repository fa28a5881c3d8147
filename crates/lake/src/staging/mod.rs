//! The folder an ingest or a commit works in, and the record of what it puts outside, so that a crash leaves nothing.

mod intent;
mod sweep;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::IngestId;

pub(crate) use intent::{Intent, announced};
pub use sweep::Swept;
pub(crate) use sweep::{folders, sweep};

use crate::disk;
use crate::error::LakeError;
use crate::storage::Storage;

const LOCK: &str = "lock";

/// A folder `staging/{id}` that belongs to this process for as long as the value lives.
///
/// Everything that is put outside the folder is announced first, durably, in its file `intent`. [`Staging::discard`]
/// and the commit end the work; a dropped or crashed one is ended by the next sweep.
#[derive(Debug)]
pub struct Staging {
    id: IngestId,
    folder: PathBuf,
    storage: Arc<dyn Storage>,
    intent: Mutex<File>,
    _lock: File,
}

impl Staging {
    /// Makes the folder under `root` for files that go to places in `storage`.
    pub(crate) fn create(root: &Path, storage: Arc<dyn Storage>, id: IngestId) -> Result<Self, LakeError> {
        disk::create_folders(root)?;
        let folder = root.join(id.to_string());
        let gate = close_gate(root)?;
        disk::create_folders(&folder)?;
        let lock = disk::create_file(&folder.join(LOCK))?;
        lock.lock().map_err(LakeError::io("lock", &folder))?;
        drop(gate);
        let intent = Mutex::new(intent::create(&folder)?);
        Ok(Self { id, folder, storage, intent, _lock: lock })
    }

    /// The id of the ingest or commit; part of the names of its files.
    pub fn id(&self) -> IngestId {
        self.id
    }

    /// The private folder, on this machine. All that is in it disappears at the end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records, durably, the paths of data files (and their sums) that are about to be put into the table.
    ///
    /// They are removed again if the ingest is discarded, or found dead before it committed.
    pub fn announce<P: AsRef<str>>(&self, paths: &[P]) -> Result<(), LakeError> {
        let data = |path: &P| Intent::Data { path: path.as_ref().to_owned() };
        self.record(&paths.iter().map(data).collect::<Vec<_>>())
    }

    /// Where what it announces goes.
    pub(crate) fn storage(&self) -> &dyn Storage {
        self.storage.as_ref()
    }

    pub(crate) fn record(&self, intents: &[Intent]) -> Result<(), LakeError> {
        let mut file = self.intent.lock().unwrap_or_else(PoisonError::into_inner);
        intent::append(&mut file, intents).map_err(LakeError::io("write", &self.folder))
    }

    /// Ends work that committed nothing: removes every file it announced and its folder. Blocks, and must not be called
    /// within a task if files were announced.
    pub fn discard(self) -> Result<(), LakeError> {
        settle(&self.folder, self.storage.as_ref(), None)
    }

    /// Ends work of which attempt `won`, or none, was committed: removes what nobody needs, and the folder.
    pub(crate) fn settle(&self, won: Option<i64>) -> Result<(), LakeError> {
        settle(&self.folder, self.storage.as_ref(), won)
    }
}

/// Carries out what the intent file of a dead or finished folder asks for, then removes the folder. May be repeated.
fn settle(folder: &Path, storage: &dyn Storage, won: Option<i64>) -> Result<(), LakeError> {
    let announced = announced(folder)?;
    let refuse: Vec<_> = announced.iter().filter(|intent| intent.is_refuse(won)).map(Intent::path).collect();
    refuse.iter().try_for_each(|path| check_in_table(storage.table(), path))?;
    refuse.iter().try_for_each(|path| storage.remove(path))?;
    disk::remove_folder(folder)
}

/// Refuses a path that nobody who works on this table announces.
fn check_in_table(table: &str, path: &str) -> Result<(), LakeError> {
    let below = path.strip_prefix(table).and_then(|rest| rest.strip_prefix('/'));
    match below.is_some_and(|below| below.split('/').all(|part| part != "..")) {
        true => Ok(()),
        false => Err(LakeError::Unusable(format!("an intent names {path}, which is not in the table"))),
    }
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
