//! `cargo xtask simulate`: a fleet in simulated time. A program of its own, so that this one stays quick to build.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

/// Builds and runs the simulation; true when every target was reached.
pub fn run(root: &Path, arguments: &[&str]) -> Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--locked", "--package", "simulation", "--bin", "simulate", "--"]);
    Ok(command.args(arguments).current_dir(root).status()?.success())
}
