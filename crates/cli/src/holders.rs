//! Who works in a data folder: commands share it, servers share it, but not with each other.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

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
        let gate = open(folder, "holders.gate")?;
        gate.lock().or_exit(Exit::Unavailable)?;
        let servers = open(folder, "servers.lock")?;
        refuse_if_held(&servers, folder)?;
        let shared = open(folder, "commands.lock")?;
        shared.try_lock_shared().or_exit(Exit::Unavailable)?;
        describe(&shared, "a command").or_exit(Exit::Unavailable)?;
        Ok(Self { _shared: shared })
    }
}

fn open(folder: &Path, name: &str) -> Result<File, Failure> {
    let options = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).clone();
    options.open(folder.join(name)).or_exit(Exit::Unavailable)
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
        let server = open(folder.path(), "servers.lock").unwrap();
        server.lock().unwrap();
        describe(&server, "a server").unwrap();
        let refused = Holder::command(folder.path()).unwrap_err();
        assert_eq!(refused.code, Exit::Unavailable);
        assert!(refused.error.to_string().contains("a server (process "), "{}", refused.error);
    }
}
