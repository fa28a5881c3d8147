//! A PostgreSQL cluster in a temporary folder, with nothing synced: a killed process loses nothing by that.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::database::Database;
use super::sql::Login;
use crate::folder::Folder;
use crate::programs::{self, Engine};
use crate::server::{self, Launch, Server};
use crate::{left_out, ports, random};

/// Commits are with the kernel before they are answered, and never on the disk.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "timezone=UTC",
    "max_connections=500",
    "shared_buffers=32MB",
    "fsync=off",
    "full_page_writes=off",
    "log_min_messages=warning",
];

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    superuser: Login,
}

impl Postgres {
    /// Makes and starts one; that takes a second or two. A test that only needs a database takes [`Database::fresh`].
    pub fn start() -> Option<Self> {
        let Some(programs) = programs::postgres() else {
            left_out(Engine::Postgres.name());
            return None;
        };
        let (server, superuser) = server::start(|| prepare(&programs), |server, _| is_ready(server));
        Some(Self { server, superuser })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        self.superuser.address()
    }

    /// The url of the one who may do everything, for the database `postgres`. It holds a password.
    pub fn superuser_url(&self) -> String {
        self.superuser.url("postgres")
    }

    /// An empty database here.
    pub fn database(&self) -> Database {
        Database::make(self.superuser.clone())
    }

    /// Ends it, and the process of each connection, as a power cut would end its programs.
    pub fn kill(&self) {
        self.server.signal_family(Signal::KILL);
        self.server.kill();
    }

    /// Starts it on the same port with the same data, killed or not; it recovers first.
    pub fn start_again(&self) {
        self.kill();
        self.server.start_again(|| is_ready(&self.server));
    }

    /// Freezes it and its connections.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.server.resume();
    }
}

fn prepare(programs: &Path) -> (Server, Login) {
    // SIGQUIT is PostgreSQL's immediate shutdown: every process of it ends, and its shared memory is given back.
    let folder = Folder::new("postgres", "QUIT");
    let password = random::word();
    let data = initdb(programs, &folder, &password);
    let [port] = ports::free();
    let superuser = Login::new(programs, format!("127.0.0.1:{port}"), "postgres".to_owned(), password);
    let settings = SETTINGS.iter().map(|setting| (*setting).to_owned()).chain([format!("port={port}")]);
    let mut arguments: Vec<OsString> = vec!["-D".into(), data.into()];
    arguments.extend(settings.flat_map(|setting| ["-c".into(), setting.into()]));
    let program = programs.join("postgres");
    let launch = Launch { program, arguments, environment: Vec::new(), stop: Signal::QUIT };
    (Server::new(folder, launch), superuser)
}

/// The new cluster's data folder.
fn initdb(programs: &Path, folder: &Folder, password: &str) -> PathBuf {
    let data = folder.path().join("data");
    let file = folder.write("password", password);
    let mut command = Command::new(programs.join("initdb"));
    programs::as_server(&mut command, folder.path());
    command.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    command.arg("--pwfile").arg(file).arg("--pgdata").arg(&data);
    let output = command.output().expect("initdb can be run");
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    data
}

/// The eighth line of `postmaster.pid` is its state, the first the process that it is about.
fn is_ready(server: &Server) -> bool {
    let told = std::fs::read_to_string(server.folder().join("data/postmaster.pid")).unwrap_or_default();
    let mut lines = told.lines().map(str::trim);
    let is_this_start = lines.next().and_then(|line| line.parse().ok()) == server.id();
    is_this_start && lines.nth(6) == Some("ready")
}
