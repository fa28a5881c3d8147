//! Where the engines' programs are, and as whom they run.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// PostgreSQL before it lacks what the migrations use.
const POSTGRES_MAJOR_MINIMUM: u32 = 15;

/// What can be started here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `redis-server`.
    Redis,
    /// `initdb`, `postgres` and `psql`, version 15 or newer.
    Postgres,
    /// `weed`, SeaweedFS in one process.
    SeaweedFs,
    /// DynamoDB Local, a program in Java.
    DynamoDbLocal,
    /// `ministack`.
    Ministack,
}

impl Engine {
    /// Whether it can be started here, as far as that shows without starting it.
    pub fn is_installed(self) -> bool {
        match self {
            Self::Redis => redis_server().is_some(),
            Self::Postgres => postgres().is_some(),
            Self::SeaweedFs => weed().is_some(),
            Self::DynamoDbLocal => java().is_some() && dynamodb_jar().is_some(),
            Self::Ministack => ministack().is_some(),
        }
    }

    /// How a person calls it, for lines that say what is missing.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Postgres => "PostgreSQL 15 or newer (initdb, postgres, psql)",
            Self::SeaweedFs => "weed (SeaweedFS)",
            Self::DynamoDbLocal => "DynamoDB Local (java, DynamoDBLocal.jar)",
            Self::Ministack => "ministack",
        }
    }
}

pub fn redis_server() -> Option<PathBuf> {
    in_path("redis-server")
}

/// The folder with the newest PostgreSQL that is new enough. Debian keeps its programs out of the path.
pub fn postgres() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let in_path = path_folders();
    let whole = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    let found = debian.chain(in_path).filter(whole).filter_map(|folder| Some((postgres_major(&folder)?, folder)));
    let newest = found.filter(|(major, _)| *major >= POSTGRES_MAJOR_MINIMUM).max_by_key(|(major, _)| *major);
    newest.map(|(_, folder)| folder)
}

/// The first number of `postgres (PostgreSQL) 15.18 (..)`.
fn postgres_major(folder: &Path) -> Option<u32> {
    let told = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let version = told.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `weed`: in the environment that `cargo xtask test` makes, or in the path.
pub fn weed() -> Option<PathBuf> {
    let beside_python =
        std::env::var_os("OUTHAUL_TEST_PYTHON").map(|python| PathBuf::from(python).with_file_name("weed"));
    let in_target = in_target("test-venv/bin/weed");
    beside_python.into_iter().chain(in_target).find(|path| path.is_file()).or_else(|| in_path("weed"))
}

/// `ministack`: in the environment of `deploy/` that `cargo xtask test` makes, or in the path.
pub fn ministack() -> Option<PathBuf> {
    in_target("deploy-venv/bin/ministack").filter(|path| path.is_file()).or_else(|| in_path("ministack"))
}

/// `DynamoDBLocal.jar`: where `cargo xtask test` puts it.
pub fn dynamodb_jar() -> Option<PathBuf> {
    in_target(DYNAMODB_JAR).filter(|path| path.is_file())
}

/// Where the jar lies below the target folder.
const DYNAMODB_JAR: &str = "test-dynamodb/package/emulator/DynamoDBLocal.jar";

/// The interpreter of Java.
pub fn java() -> Option<PathBuf> {
    in_path("java")
}

/// What lies below this checkout's own target folder.
fn in_target(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.map(|root| root.join("target").join(path))
}

/// A program of the path.
pub fn in_path(name: &str) -> Option<PathBuf> {
    path_folders().into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn path_folders() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
}

/// User and group that servers run as when this process is root: PostgreSQL refuses root, and the others need nothing of it.
pub fn unprivileged() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let nobody = users.lines().find_map(|line| {
        let mut fields = line.strip_prefix("nobody:")?.split(':').skip(1).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    });
    nobody.or(Some((65_534, 65_534)))
}

/// Makes a command run as the user for servers, with an environment of its own.
pub fn as_server(command: &mut Command, folder: &Path) {
    if let Some((user, group)) = unprivileged() {
        // Rust gives the other groups up, too, when root takes another user.
        command.uid(user).gid(group);
    }
    apart(command, folder);
}

/// Gives a command a folder and an environment of its own.
pub fn apart(command: &mut Command, folder: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", folder).env("TMPDIR", folder).env("LC_ALL", "C");
    command.current_dir(folder);
}

/// Whether the user for servers can get to this file or folder.
pub fn is_open_to_server(path: &Path) -> bool {
    let is_open = |path: &Path| path.metadata().is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    unprivileged().is_none() || path.canonicalize().is_ok_and(|path| path.ancestors().all(is_open))
}
