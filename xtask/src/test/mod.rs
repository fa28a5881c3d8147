//! `cargo xtask test` and `services`: what the tests need is got and started, everything is run, and what was left out is said.

mod dynamodb;
mod runner;
mod servers;
mod services;
mod tools;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::servers::{Emulators, Servers};
pub use self::services::run as services;
use self::tools::Tools;
use crate::python;

/// Environment for the tests; `docs/tests.md` says what each variable means.
type Environment = Vec<(&'static str, OsString)>;

/// Runs all tests of the workspace; true when they passed and, in CI, nothing was missing.
pub fn run(root: &Path, deep: bool) -> Result<bool> {
    let target = target_folder(root);
    let mut missing = Vec::new();
    let tools = Tools::provide(&mut missing)?;
    let python = python::provide(python::READERS, root, &target, &mut missing);
    let emulators = Emulators {
        jar: dynamodb::provide(&target, &mut missing)?,
        python: python::provide(python::MINISTACK, root, &target, &mut missing),
    };

    let left_out = target.join("tests-left-out.txt");
    std::fs::create_dir_all(&target)?;
    std::fs::write(&left_out, "")?;
    let mut environment: Environment =
        vec![("OUTHAUL_TEST_TOOLS", tools.available().into()), ("OUTHAUL_LEFT_OUT", left_out.clone().into())];
    // They end with this program, however it ends.
    let servers = Servers::start(&tools, python.as_deref(), &mut missing).with(&emulators);
    environment.extend(servers.environment());
    environment.extend(python.map(|python| ("OUTHAUL_TEST_PYTHON", python.into())));
    environment.extend(deep.then(|| ("OUTHAUL_DEEP", "1".into())));
    match shared_data(root) {
        Some(data) => environment.push(("OUTHAUL_SHARED_DATA", data.into())),
        None => println!("xtask: no real messages beside the checkout; the tests on them are left out"),
    }

    let passed = runner::run(root, &environment)?;
    report(&missing, &std::fs::read_to_string(&left_out)?);
    let is_complete = missing.is_empty() || !is_ci();
    Ok(passed && is_complete)
}

/// Where cargo builds, and where the tests' own tools are kept between runs.
pub fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// The real messages, where they lie beside the checkout.
fn shared_data(root: &Path) -> Option<PathBuf> {
    let folder = root.parent()?.join("shared/data/messages");
    folder.join("torture.ndjson").is_file().then_some(folder)
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

fn report(missing: &[String], left_out: &str) {
    for what in missing {
        println!("xtask: missing: {what}");
    }
    let mut tests: Vec<_> = left_out.lines().collect();
    tests.sort_unstable();
    tests.dedup();
    for test in &tests {
        println!("xtask: left out: {test}");
    }
    match (missing.is_empty(), tests.is_empty(), is_ci()) {
        (true, true, _) => println!("xtask: no tool was missing, no test was left out"),
        (false, _, true) => println!("xtask: in CI a missing tool is a failure"),
        _ => {}
    }
}
