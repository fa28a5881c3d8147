//! `cargo xtask test` and `services`: what the tests need is got and started, everything is run, and what was left out is said.

mod dynamodb;
mod runner;
mod servers;
mod services;
mod tools;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::servers::Emulators;
pub use self::servers::Servers;
pub use self::services::run as services;
pub use self::tools::{NPM, PYTHON, RENDERER, Tools};
use crate::deploy::{self, Gates};
use crate::python;

/// Environment for the tests; `docs/tests.md` says what each variable means.
pub type Environment = Vec<(&'static str, OsString)>;

/// Runs all tests of the workspace and the gates of `deploy/`; true when they passed and, in CI, nothing was missing.
pub fn run(root: &Path, deep: bool) -> Result<bool> {
    let target = target_folder(root);
    let (mut missing, mut left_out) = (Vec::new(), String::new());
    let tools = Tools::provide(&mut missing)?;
    let gates = Gates::provide(root, &target, &tools, &mut missing, &mut left_out);
    let of_deploy = gates.as_ref().map(Gates::python);
    let (servers, python) = servers(root, &target, &tools, of_deploy, &mut missing)?;

    let left_out_file = target.join("tests-left-out.txt");
    std::fs::create_dir_all(&target)?;
    std::fs::write(&left_out_file, &left_out)?;
    let mut environment: Environment =
        vec![("OUTHAUL_TEST_TOOLS", tools.available().into()), ("OUTHAUL_LEFT_OUT", left_out_file.clone().into())];
    environment.extend(servers.environment());
    environment.extend(python.map(|python| ("OUTHAUL_TEST_PYTHON", python.into())));
    environment.extend(deep.then(|| ("OUTHAUL_DEEP", "1".into())));
    match shared_data(root) {
        Some(data) => environment.push(("OUTHAUL_SHARED_DATA", data.into())),
        None => println!("xtask: no real messages beside the checkout; the tests on them are left out"),
    }

    let (built, mut gates_passed) = built_beside(root, &environment, gates.as_ref())?;
    let passed = built && runner::run(root, &environment)?;
    if let (true, Some(gates)) = (deep, &gates) {
        gates_passed &= deploy::built_twice(root, &target, gates.python(), &environment, &mut missing)?;
    }
    if !gates_passed {
        println!("xtask: FAILED: gates of deploy/, as they said above");
    }
    report(&missing, &std::fs::read_to_string(&left_out_file)?);
    let is_complete = missing.is_empty() || !is_ci();
    Ok(passed && gates_passed && is_complete)
}

/// Whether the tests could be built, and whether the gates passed meanwhile: they are beside the build, since some tests measure time.
fn built_beside(root: &Path, environment: &Environment, gates: Option<&Gates>) -> Result<(bool, bool)> {
    std::thread::scope(|scope| {
        let gates = gates.map(|gates| scope.spawn(|| gates.run(root)));
        let built = runner::build(root, environment)?;
        let passed = gates.map(|gates| gates.join().expect("a gate that fails says so"));
        Ok((built, passed.transpose()?.unwrap_or(true)))
    })
}

/// The servers that tests share, and the interpreter of the readers, where it is there. `of_deploy` is that of the gates' environment.
/// They end with this program, however it ends.
pub fn servers(
    root: &Path,
    target: &Path,
    tools: &Tools,
    of_deploy: Option<&Path>,
    missing: &mut Vec<String>,
) -> Result<(Servers, Option<PathBuf>)> {
    let python = python::provide(python::READERS, root, target, missing);
    let emulators = Emulators { jar: dynamodb::provide(target, missing)?, python: of_deploy.map(Path::to_owned) };
    Ok((Servers::start(tools, python.as_deref(), missing).with(&emulators), python))
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
