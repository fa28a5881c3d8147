//! Who works in a data folder: commands share it, servers share it, but not with each other.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;

use crate::exit::{Exit, Failure, OrExit};

/// Held for the life of a command.
#[derive(Debug)]
pub struct Holder {
    _shared: File,
}

impl Holder {
    /// Takes a share as a command.
    ///
    /// # Errors
    /// Exit 6, naming the holder, while a server has the folder.
    pub fn command(folder: &Path) -> Result<Self, Failure> {
        let gate = open_lock(&folder.join("holders.gate"))?;
        gate.lock().or_exit(Exit::Unavailable)?;
        let servers = open_lock(&folder.join("servers.lock"))?;
        refuse_if_held(&servers, folder)?;
        let shared = open_lock(&folder.join("commands.lock"))?;
        shared.try_lock_shared().or_exit(Exit::Unavailable)?;
        describe(&shared, "a command").or_exit(Exit::Unavailable)?;
        Ok(Self { _shared: shared })
    }
}

/// Opens a file to lock, making it with mode 0600 whatever the umask.
pub fn open_lock(path: &Path) -> Result<File, Failure> {
    let opening = || format!("cannot open {}", path.display());
    let options = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).clone();
    let file = options.open(path).with_context(opening).or_exit(Exit::Unavailable)?;
    let mode = file.metadata().with_context(opening).or_exit(Exit::Unavailable)?.permissions().mode();
    if mode & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600)).with_context(opening).or_exit(Exit::Unavailable)?;
    }
    Ok(file)
}

fn refuse_if_held(lock: &File, folder: &Path) -> Result<(), Failure> {
    match lock.try_lock() {
        Ok(()) => lock.unlock().or_exit(Exit::Unavailable),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            (&mut &*lock).read_to_string(&mut holder).or_exit(Exit::Unavailable)?;
            let message = format!("data folder {} is held by {}", folder.display(), holder.trim());
            Err(Failure::new(Exit::Unavailable, anyhow::anyhow!(message)))
        }
        Err(TryLockError::Error(error)) => Err(Failure::new(Exit::Unavailable, error)),
    }
}

/// The last who came; good enough to name somebody.
fn describe(mut lock: &File, what: &str) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{what} (process {})", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_share_and_a_server_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let first = Holder::command(folder.path()).unwrap();
        let second = Holder::command(folder.path()).unwrap();
        drop((first, second));
        let server = open_lock(&folder.path().join("servers.lock")).unwrap();
        server.lock().unwrap();
        describe(&server, "a server").unwrap();
        let refused = Holder::command(folder.path()).unwrap_err();
        assert_eq!(refused.code, Exit::Unavailable);
        assert!(refused.error.to_string().contains("a server (process "), "{}", refused.error);
    }
}
