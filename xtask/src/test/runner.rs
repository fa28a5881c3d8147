//! The tests themselves: one build, by cargo-nextest where it is installed, else by cargo alone.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Environment;
use crate::commands::works;

/// What is compiled for tests; clippy in `.ci/run` uses the same, so that both share what they can.
const WHAT: [&str; 4] = ["--workspace", "--locked", "--features", "cli/failpoints"];

/// Builds everything that [`run`] runs; true when that was possible.
pub fn build(root: &Path, environment: &Environment) -> Result<bool> {
    Ok(command(root, environment).arg("--no-run").status()?.success())
}

/// Runs all tests; true when all passed.
pub fn run(root: &Path, environment: &Environment) -> Result<bool> {
    Ok(command(root, environment).arg("--no-fail-fast").status()?.success())
}

fn command(root: &Path, environment: &Environment) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    if works(Command::new(&cargo).args(["nextest", "--version"])) {
        command.args(["nextest", "run"]);
    } else {
        println!("xtask: without cargo-nextest, by cargo test");
        command.args(["test", "--lib", "--bins", "--tests"]);
    }
    without_our_package(&mut command);
    command.args(WHAT).current_dir(root).envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// Forgets what cargo told this program about its own package: build scripts that look at such variables would run again,
/// and crates of minutes be compiled anew, each time the tests are started in another way.
fn without_our_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name.to_string_lossy().starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
}
