//! Who works in a data folder: commands share it, servers share it, but not with each other.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::exit::{Exit, Failure, OrExit};

const SERVERS: &str = "servers.lock";
const COMMANDS: &str = "commands.lock";
/// Most that is read of a lock (bytes): one line for each process.
const LINES_BYTES: u64 = 1 << 20;

/// A share of the data folder, held for the life of a command or a server.
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
        Self::take(folder, COMMANDS, SERVERS, "a command")
    }

    /// Takes a share as a server; `what` names it, e.g. `outhaul serve`.
    ///
    /// # Errors
    /// Exit 6, naming the holder, while a command has the folder.
    pub fn server(folder: &Path, what: &str) -> Result<Self, Failure> {
        Self::take(folder, SERVERS, COMMANDS, what)
    }

    /// The gate lets one process at a time look and take, so that no two of different kinds come in together.
    fn take(folder: &Path, own: &str, others: &str, what: &str) -> Result<Self, Failure> {
        let gate = open_lock(&folder.join("holders.gate"))?;
        gate.lock().or_exit(Exit::Unavailable)?;
        refuse_if_held(&open_lock(&folder.join(others))?, folder)?;
        let shared = open_lock(&folder.join(own))?;
        shared.try_lock_shared().or_exit(Exit::Unavailable)?;
        describe(&shared, what).or_exit(Exit::Unavailable)?;
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
            let holders = holders(lock).or_exit(Exit::Unavailable)?;
            let holder = holders.last().map_or("a process that did not say its name", String::as_str);
            let message = format!("data folder {} is held by {holder}", folder.display());
            Err(Failure::new(Exit::Unavailable, anyhow::anyhow!(message)))
        }
        Err(TryLockError::Error(error)) => Err(Failure::new(Exit::Unavailable, error)),
    }
}

/// Adds the process to those that hold the lock, and forgets those that are gone. Called under the gate.
fn describe(mut lock: &File, what: &str) -> std::io::Result<()> {
    let mut holders = holders(lock)?;
    holders.push(format!("{what} (process {})", std::process::id()));
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all((holders.join("\n") + "\n").as_bytes())
}

/// Those of the lock's lines whose process is still there, the last who came last.
fn holders(mut lock: &File) -> std::io::Result<Vec<String>> {
    let mut text = String::new();
    lock.rewind()?;
    lock.take(LINES_BYTES).read_to_string(&mut text)?;
    Ok(text.lines().filter(|line| is_there(line)).map(str::to_owned).collect())
}

fn is_there(line: &str) -> bool {
    let number = line.rsplit_once("(process ").and_then(|(_, rest)| rest.strip_suffix(')')?.parse().ok());
    // One that is not ours to signal is there all the same.
    let answers = |pid| !matches!(test_kill_process(pid), Err(Errno::SRCH));
    number.and_then(Pid::from_raw).is_some_and(answers)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[track_caller]
    fn check_refused(taken: Result<Holder, Failure>, holder: &str) {
        let refused = taken.unwrap_err();
        assert_eq!(refused.code, Exit::Unavailable);
        let text = refused.error.to_string();
        assert!(text.contains(&format!("{holder} (process {})", std::process::id())), "{text}");
    }

    #[test]
    fn commands_share_servers_share_and_not_with_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let commands = [Holder::command(path).unwrap(), Holder::command(path).unwrap()];
        check_refused(Holder::server(path, "outhaul serve"), "a command");
        drop(commands);
        let servers = [Holder::server(path, "outhaul api").unwrap(), Holder::server(path, "outhaul worker").unwrap()];
        check_refused(Holder::command(path), "outhaul worker");
        drop(servers);
        drop(Holder::command(path).unwrap());
    }

    #[test]
    fn a_server_that_is_gone_is_not_named() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Holder::server(folder.path(), "outhaul api").unwrap();
        // Another came after it and was killed.
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        let line = format!("outhaul worker (process {})\n", gone.id());
        gone.wait().unwrap();
        let lock = OpenOptions::new().append(true).open(folder.path().join(SERVERS)).unwrap();
        (&lock).write_all(line.as_bytes()).unwrap();
        check_refused(Holder::command(folder.path()), "outhaul api");
        let _second = Holder::server(folder.path(), "outhaul serve").unwrap();
        let text = std::fs::read_to_string(folder.path().join(SERVERS)).unwrap();
        assert!(!text.contains("outhaul worker") && text.lines().count() == 2, "{text}");
    }

    #[test]
    fn the_files_are_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let _server = Holder::server(folder.path(), "outhaul serve").unwrap();
        for entry in folder.path().read_dir().unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
