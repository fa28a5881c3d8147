//! A temporary folder for one server, and a keeper that clears up when this process ends, however it ends.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{programs, random};

/// Reads process ids from stdin, the last one counts and an empty line is none. When stdin ends, which the kernel sees to, it stops
/// that process and removes the folder. `$1` is the signal to begin with, `$2` the folder. One that has ended
/// is not waited for, though its entry stays (`Z`) until somebody asks for it.
const KEEPER: &str = r#"
pid=
while read -r line; do pid=$line; done
is_alive() {
    read -r _ _ state _ <"/proc/$pid/stat" && [ "$state" != Z ]
}
stop_by() {
    kill -s "$1" "$pid"
    tries=0
    while is_alive && [ "$tries" -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
if [ -n "$pid" ]; then
    stop_by "$1"
    is_alive && stop_by KILL
fi
rm -rf -- "$2" || { sleep 1; rm -rf -- "$2"; }
"#;

/// The folder, 0700, owned by whom the server runs as; dropping it removes it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    keeper: Child,
}

impl Folder {
    /// `stop` is the name of the signal that ends the server at once.
    pub fn new(engine: &str, stop: &str) -> Self {
        let path = base().join(format!("outhaul-{engine}-{}", &random::word()[..12]));
        DirBuilder::new().mode(0o700).create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        give_away(&path);
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "sh", stop]).arg(&path).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let keeper = command.spawn().expect("sh is there");
        Self { path, keeper }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that only the server's user can read.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(contents.as_ref()));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        give_away(&path);
        path
    }

    /// Copies a program to where the server's user can run it.
    pub fn copy_program(&self, from: &Path) -> PathBuf {
        self.copy(from, Path::new("program"))
    }

    /// Copies a file to where the server's user can read and run it.
    pub fn copy(&self, from: &Path, to: &Path) -> PathBuf {
        let path = self.path.join(to);
        let folder = path.parent().filter(|folder| *folder != self.path);
        if let Some(folder) = folder.filter(|folder| !folder.exists()) {
            DirBuilder::new()
                .mode(0o700)
                .create(folder)
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            give_away(folder);
        }
        std::fs::copy(from, &path).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        std::fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("the copy is ours");
        give_away(&path);
        path
    }

    /// Tells the keeper which process to stop, should this one end before.
    pub fn keep(&mut self, process: Option<u32>) {
        let line = process.map(|id| id.to_string()).unwrap_or_default();
        if let Some(stdin) = &mut self.keeper.stdin {
            writeln!(stdin, "{line}").expect("the keeper reads");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // What is left of it stands in a temporary folder.
        let _ = self.keeper.wait();
    }
}

/// The system's temporary folder, or its common one where the server's user could not get into the first.
fn base() -> PathBuf {
    let told = std::env::temp_dir();
    if programs::is_open_to_server(&told) { told } else { PathBuf::from("/").join("tmp") }
}

/// Hands a file to the user that the server runs as.
fn give_away(path: &Path) {
    if let Some((user, group)) = programs::unprivileged() {
        chown(path, Some(user), Some(group)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
