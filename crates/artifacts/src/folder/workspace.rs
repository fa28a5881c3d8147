//! The folder in which one process keeps what is not finished, held by a lock that ends with the process.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::{self, Lasts};
use crate::ArtifactError;

/// The locked file of a process, and of the folder above; it is never removed alone.
pub(super) const LOCK_NAME: &str = "lock";
/// What the names of notes begin with: each holds the path of an unfinished file outside of the folder.
pub(super) const NOTE_PREFIX: &str = "outside-";
/// What the names of unfinished files outside begin with.
pub(super) const OUTSIDE_PREFIX: &str = ".outhaul-";

/// The folder of this process; removed with all that is in it when dropped.
#[derive(Debug)]
pub(super) struct Workspace {
    folder: PathBuf,
    process: String,
    files: AtomicU64,
    _lock: File,
}

impl Workspace {
    /// Makes and locks `tmp/{process}/`.
    pub(super) fn open(tmp: &Path, process: &str) -> Result<Self, ArtifactError> {
        let folder = tmp.join(process);
        disk::create_folders(tmp)?;
        let lock = gate(tmp).and_then(|_gate| {
            disk::create_folders(&folder)?;
            let lock = lock_file(&folder.join(LOCK_NAME))?;
            lock.try_lock()?;
            Ok(lock)
        });
        let lock = lock.map_err(ArtifactError::io("lock a folder of its own"))?;
        Ok(Self { folder, process: process.to_owned(), files: AtomicU64::new(0), _lock: lock })
    }

    /// Where the folders of all processes lie.
    pub(super) fn parent(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// A new file that goes with its owner unless it is published.
    pub(super) fn create(self: &Arc<Self>) -> Result<Temporary, ArtifactError> {
        let path = self.folder.join(self.number().to_string());
        let file = disk::create(&path)?;
        Ok(Temporary { path, file, note: None, _workspace: Arc::clone(self) })
    }

    /// A second name for a file that is there already, which goes in the same way.
    pub(super) fn link(self: &Arc<Self>, from: &Path, file: File) -> io::Result<Temporary> {
        let path = self.folder.join(self.number().to_string());
        fs::hard_link(from, &path)?;
        Ok(Temporary { path, file, note: None, _workspace: Arc::clone(self) })
    }

    /// The same beside `destination`, on a file system that may be another; a note lets a sweep find it.
    pub(super) fn create_beside(self: &Arc<Self>, destination: &Path) -> Result<Temporary, ArtifactError> {
        let number = self.number();
        let path = destination.with_file_name(format!("{OUTSIDE_PREFIX}{}-{number}.part", self.process));
        let path = std::path::absolute(path).map_err(ArtifactError::io("find a folder"))?;
        let note = self.folder.join(format!("{NOTE_PREFIX}{number}"));
        let mut written = disk::create(&note)?;
        let write = written.write_all(path.as_os_str().as_bytes()).and_then(|()| written.sync_all());
        write.and_then(|()| disk::sync_folder(&self.folder)).map_err(ArtifactError::io("write a note"))?;
        let file = disk::create(&path)?;
        Ok(Temporary { path, file, note: Some(note), _workspace: Arc::clone(self) })
    }

    fn number(&self) -> u64 {
        self.files.fetch_add(1, Ordering::Relaxed)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What stays is swept as a dead process's.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Held while a folder comes or goes, so that no sweep sees one that is not locked yet.
pub(super) fn gate(tmp: &Path) -> io::Result<File> {
    let gate = lock_file(&tmp.join(LOCK_NAME))?;
    gate.lock()?;
    Ok(gate)
}

fn lock_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// A file in the making; dropping it removes it, with the one `unlink` that this costs.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    pub(super) file: File,
    note: Option<PathBuf>,
    _workspace: Arc<Workspace>,
}

impl Temporary {
    /// Makes the bytes durable.
    pub(super) fn sync(&self) -> Result<(), ArtifactError> {
        self.file.sync_all().map_err(ArtifactError::io("make an object durable"))
    }

    /// Gives the file its name, by renaming or linking it; see [`disk::publish`].
    pub(super) fn publish(
        &self,
        to: &Path,
        lasts: Lasts,
        give: fn(&Path, &Path) -> io::Result<()>,
    ) -> Result<io::Result<()>, ArtifactError> {
        disk::publish((&self.path, &self.file), to, lasts, give)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A renamed file is gone from here; whatever cannot be removed is swept later.
        let _ = fs::remove_file(&self.path);
        if let Some(note) = &self.note {
            let _ = fs::remove_file(note);
        }
    }
}
