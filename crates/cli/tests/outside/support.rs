//! Runs the program as a user would, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use engines::left_out_of;
use serde_json::Value;
use tempfile::TempDir;

/// One data folder and the program on it.
pub struct Outhaul {
    home: TempDir,
    environment: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What was written to stdout.
    pub stdout: String,
    /// What was written to stderr.
    pub stderr: String,
}

impl Ran {
    /// Of a process that ended.
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The JSON on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The run, which must have ended like this.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

impl Outhaul {
    /// A fresh folder.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary folder"), environment: Vec::new() }
    }

    /// A fresh folder with leases so short that a dead worker is noticed at once, and a target that makes a few dozen
    /// segments.
    pub fn impatient() -> Self {
        Self::new()
            .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 500)
            .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 100)
            .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 100)
            .with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 400)
    }

    /// Sets an environment variable for all runs.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.push((name.to_owned(), value.to_string()));
        self
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A file beside the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outhaul"));
        command.arg("--data").arg(self.data()).args(args).current_dir(self.home.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The command and its arguments behind those of another program, which starts it.
    pub fn command_under(&self, wrapper: &[&str], args: &[&str]) -> Command {
        let real = self.command(args);
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(real.get_program()).args(real.get_args()).current_dir(self.home.path());
        command.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    /// The command with a wall clock that is off by `offset`, e.g. `+1h`. The program `faketime` itself would stand between us and
    /// the process, which signals then do not reach.
    pub fn command_at(&self, offset: &str, args: &[&str]) -> Command {
        let told =
            Command::new("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output().expect("faketime starts");
        let library = String::from_utf8(told.stdout).expect("a path");
        let mut command = self.command(args);
        command.env("LD_PRELOAD", library.trim_end()).env("FAKETIME", offset).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().expect("the program starts"))
    }

    /// Runs with `--json`, which must succeed.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(args);
        self.run(&all).expect(0).json()
    }

    /// Ingests files of an organisation, which is created.
    #[track_caller]
    pub fn ingest(&self, org: &str, files: &[&Path]) -> Value {
        let mut args = vec!["ingest", "--org", org, "--create"];
        args.extend(files.iter().map(|file| file.to_str().expect("test paths are UTF-8")));
        self.json(&args)
    }

    /// Writes invented messages beside the data folder.
    #[track_caller]
    pub fn generate(&self, name: &str, args: &[&str]) -> PathBuf {
        let path = self.file(name);
        let mut all = vec!["generate", "--force", "--output", path.to_str().expect("test paths are UTF-8")];
        all.extend(args);
        self.run(&all).expect(0);
        path
    }

    /// Exports to a file beside the data folder.
    #[track_caller]
    pub fn export(&self, org: &str, days: (&str, &str), output: &str, more: &[&str]) -> Value {
        let mut args = vec!["export", "messages", "--org", org, "--from", days.0, "--to", days.1, "--output", output];
        args.push("--force");
        args.extend(more);
        self.json(&args)
    }

    /// SHA-256 of a file beside the data folder, in hex.
    pub fn sha256(&self, name: &str) -> String {
        sha256(&self.file(name))
    }

    /// Every file of the data folder that is none of the databases or locks, relative, sorted.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.data(), &mut found);
        let mut names: Vec<_> = found
            .into_iter()
            .map(|path| path.strip_prefix(self.data()).expect("walked from there").display().to_string())
            .filter(|name| !name.ends_with("lock") && !name.ends_with(".gate") && !name.contains(".db"))
            .collect();
        names.sort();
        names
    }
}

/// SHA-256 of a file, in hex.
pub fn sha256(path: &Path) -> String {
    sha256_of(&std::fs::read(path).expect("the file is there"))
}

/// SHA-256 of bytes, in hex.
pub fn sha256_of(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All files below a folder.
pub fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/cli lies two below").to_owned()
}

/// The folder of real messages, or `None` with a line that says what was left out.
pub fn real_messages(test: &str) -> Option<PathBuf> {
    let told = std::env::var_os("OUTHAUL_SHARED_DATA").map(PathBuf::from);
    let beside = told.unwrap_or_else(|| root().join("../shared/data/messages"));
    let found = beside.join("torture.ndjson").is_file().then_some(beside);
    if found.is_none() {
        left_out_of(test, "the real messages of ../shared/data/messages");
    }
    found
}

/// The Python with the test packages, or `None` with a line that says what was left out.
pub fn python(test: &str) -> Option<PathBuf> {
    let told = std::env::var_os("OUTHAUL_TEST_PYTHON").map(PathBuf::from);
    let here = told.unwrap_or_else(|| root().join("target/test-venv/bin/python"));
    let found = here.exists().then_some(here);
    if found.is_none() {
        left_out_of(test, "the Python packages of tests/requirements.txt");
    }
    found
}

/// Whether a tool is there, or a line that says what was left out.
pub fn has_tool(test: &str, tool: &str) -> bool {
    let found = match std::env::var("OUTHAUL_TEST_TOOLS") {
        Ok(tools) => tools.split(',').any(|known| known == tool),
        Err(_) => {
            let paths = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&paths).any(|folder| folder.join(tool).is_file())
        }
    };
    if !found {
        left_out_of(test, tool);
    }
    found
}

/// Whether the bigger share is to be run.
pub fn is_deep() -> bool {
    std::env::var_os("OUTHAUL_DEEP").is_some_and(|value| value == "1")
}
