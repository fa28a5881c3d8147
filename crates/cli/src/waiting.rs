//! Who waits for which export: a lock for each export that was asked for on a command line, held by the commands that wait.
//!
//! An export without a lock file was asked for in another way, and is nobody's business here.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use domain::ids::ExportId;
use domain::owner::Owner;
use stores::Jobs;

use crate::exit::{Exit, Failure, OrExit};
use crate::folder::make_private;
use crate::holders::open_lock;

/// The locks of a data folder.
pub struct Waiting {
    folder: PathBuf,
}

/// Held while a command waits for an export; several may hold the same one.
#[derive(Debug)]
pub struct Wait {
    path: PathBuf,
    _shared: File,
}

impl Wait {
    /// The export is settled: there is nothing left to wait for, by nobody.
    pub fn over(self) {
        // What cannot be removed is removed by the next command of the owner.
        let _ = fs::remove_file(&self.path);
    }
}

impl Waiting {
    /// Of this data folder.
    pub fn new(data: &Path) -> Result<Self, Failure> {
        let folder = data.join("waiting");
        let making = || format!("cannot make {}", folder.display());
        make_private(&folder).with_context(making).or_exit(Exit::Unavailable)?;
        Ok(Self { folder })
    }

    /// Says that this command waits for an export that it is about to create.
    pub fn announce(&self, export: ExportId) -> Result<Wait, Failure> {
        let path = self.path(export);
        loop {
            let file = open_lock(&path)?;
            if let Some(wait) = lock(file, &path)? {
                return Ok(wait);
            }
        }
    }

    /// Says that this command waits for an export that is there, if it was asked for on a command line. It may have been
    /// given up before this was said, so that it is to be looked at once more.
    pub fn join(&self, export: ExportId) -> Result<Option<Wait>, Failure> {
        let path = self.path(export);
        match File::open(&path) {
            Ok(file) => lock(file, &path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("cannot open {}", path.display())).or_exit(Exit::Unavailable)
            }
        }
    }

    /// Cancels those exports of the owner that were asked for on a command line and that no command waits for any more.
    /// They would hold places and be worked on before whatever is wanted now.
    pub async fn cancel_abandoned(&self, jobs: &dyn Jobs, owner: &Owner) -> Result<u32, Failure> {
        let reading = || format!("cannot read {}", self.folder.display());
        let mut cancelled = 0;
        for entry in fs::read_dir(&self.folder).with_context(reading).or_exit(Exit::Unavailable)? {
            let name = entry.with_context(reading).or_exit(Exit::Unavailable)?.file_name();
            // Nothing else is ever put here; what is there all the same is left alone.
            let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            cancelled += u32::from(self.cancel_if_abandoned(jobs, owner, id).await?);
        }
        Ok(cancelled)
    }

    async fn cancel_if_abandoned(&self, jobs: &dyn Jobs, owner: &Owner, id: ExportId) -> Result<bool, Failure> {
        let path = self.path(id);
        // Somebody else may be faster.
        let Ok(lock) = File::open(&path) else { return Ok(false) };
        if lock.try_lock().is_err() {
            return Ok(false);
        }
        // Another owner's export is not there for this one.
        let Some(export) = jobs.get(owner, id).await.or_exit(Exit::Unavailable)? else { return Ok(false) };
        let is_abandoned = !export.state.is_settled();
        if is_abandoned {
            jobs.cancel(owner, id).await.or_exit(Exit::Unavailable)?;
        }
        // Still locked: whoever opened the file before sees that it is gone. What cannot be removed is met again.
        let _ = fs::remove_file(&path);
        Ok(is_abandoned)
    }

    fn path(&self, export: ExportId) -> PathBuf {
        self.folder.join(export.to_string())
    }
}

/// A share of the lock; `None` where whoever had it before has removed the file, so that it is worth nothing.
fn lock(file: File, path: &Path) -> Result<Option<Wait>, Failure> {
    let locked = file.lock_shared().and_then(|()| is_still(&file, path));
    let is_still = locked.with_context(|| format!("cannot lock {}", path.display())).or_exit(Exit::Unavailable)?;
    Ok(is_still.then(|| Wait { path: path.to_owned(), _shared: file }))
}

fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    let here = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
