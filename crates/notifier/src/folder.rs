//! Letters as `.eml` files in a folder: the default where no mail server is configured.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use domain::clock::Clock;
use domain::time::{Micros, SECOND};

use crate::message::{Sender, message};
use crate::{Letter, Notifier, NotifyError};

/// Writes each letter to `FOLDER/{letter id}.eml`, mode 0600.
///
/// A letter whose file is already there has been sent and is not written again.
pub struct FolderNotifier {
    folder: PathBuf,
    from: Sender,
    clock: Arc<dyn Clock>,
}

/// How old an unfinished letter must be to be taken for one that nobody writes any more (seconds).
const ABANDONED_SECONDS: i64 = 3600;

/// Tells apart what one process writes at the same time.
static WRITES: AtomicU64 = AtomicU64::new(0);

impl FolderNotifier {
    /// Makes the folder (mode 0700) where it is missing, and removes what a killed process left half written.
    pub fn open(folder: &Path, from: Sender, clock: Arc<dyn Clock>) -> Result<Self, NotifyError> {
        make_folder(folder).map_err(failed("make a folder"))?;
        remove_abandoned(folder, clock.now()).map_err(failed("remove an unfinished letter"))?;
        Ok(Self { folder: folder.to_owned(), from, clock })
    }
}

#[async_trait]
impl Notifier for FolderNotifier {
    async fn send(&self, letter: &Letter) -> Result<(), NotifyError> {
        let bytes = message(letter, &self.from, self.clock.now())?.formatted();
        let (folder, name) = (self.folder.clone(), format!("{}.eml", letter.id));
        blocking(move || write(&folder, &name, &bytes)).await
    }

    async fn ping(&self) -> Result<(), NotifyError> {
        let folder = self.folder.clone();
        blocking(move || {
            let is_writable = rustix::fs::access(&folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
            is_writable.map_err(|error| failed("look")(error.into()))
        })
        .await
    }
}

async fn blocking(work: impl FnOnce() -> Result<(), NotifyError> + Send + 'static) -> Result<(), NotifyError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(failed("finish")(io::Error::other("the write was given up"))))
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> NotifyError {
    move |source| NotifyError::Folder { doing, source }
}

/// Writes a file that is whole under its name or not there at all.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), NotifyError> {
    let last = folder.join(name);
    make_folder(folder).map_err(failed("make a folder"))?;
    if last.exists() {
        return Ok(());
    }
    // A name of its own for each write, so that two of the same letter do not meet before the end.
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let first = folder.join(format!(".{name}.{}-{write}", std::process::id()));
    let written = write_new(&first, bytes).and_then(|()| match fs::hard_link(&first, &last) {
        // Unlike a rename, a link replaces nothing: whoever came first has sent it.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    });
    let removed = fs::remove_file(&first);
    written.map_err(failed("write a letter"))?;
    removed.map_err(failed("remove the first name of a letter"))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A process that had the same number may have died here.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

fn remove_abandoned(folder: &Path, now: Micros) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_unfinished = name.to_str().is_some_and(|name| name.starts_with('.') && name.contains(".eml."));
        if is_unfinished && is_old(&entry.path(), now)? {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn is_old(path: &Path, now: Micros) -> io::Result<bool> {
    let written = fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let written = i64::try_from(written.as_micros()).unwrap_or(i64::MAX);
    Ok(now.0.saturating_sub(written) > ABANDONED_SECONDS * SECOND)
}

#[cfg(test)]
mod tests;
