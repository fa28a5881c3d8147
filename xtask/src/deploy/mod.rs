//! `cargo xtask deploy-check`, and its part in `cargo xtask test`: everything under `deploy/` goes through its gates, and each gate shows
//! that it finds what is broken.

mod program;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::succeeds;
use crate::python::{self, DEPLOY};
use crate::test::{self, NPM, PYTHON, RENDERER, Tools};

pub use program::built_twice;

/// Each a program of its own; all but the last are whole without pictures.
const SCRIPTS: [&str; 5] = [
    "deploy/kubernetes/check.py",
    "deploy/kubernetes/selftest.py",
    "deploy/container/check.py",
    "deploy/container/selftest.py",
    CHECK,
];
const CHECK: &str = "deploy/check.py";
/// The gate that draws pictures anew.
const PICTURES: &str = "diagram";

/// What gates need from Debian.
const OF_DEPLOY: [&str; 3] = [PYTHON, NPM, RENDERER];

/// The gates, as far as what they need is there.
#[derive(Debug)]
pub struct Gates {
    python: PathBuf,
    has_pictures: bool,
}

/// Runs every gate, and with `program` what tries it in the chart and in the image; true when all passed and nothing was left out.
///
/// # Errors
/// A command cannot be started.
pub fn run(root: &Path, target: &Path, program: Option<&Path>) -> Result<bool> {
    let (mut missing, mut left_out) = (Vec::new(), String::new());
    let wanted =
        if program.is_some() { Tools::provide(&mut missing)? } else { Tools::provide_only(&OF_DEPLOY, &mut missing)? };
    let mut passed = true;
    if let Some(gates) = Gates::provide(root, target, &wanted, &mut missing, &mut left_out) {
        passed &= gates.run(root)?;
        if let Some(program) = program {
            let (servers, _) = test::servers(root, target, &wanted, Some(gates.python()), &mut missing)?;
            let environment = servers.environment();
            passed &= program::tried(root, gates.python(), program, &environment, &mut missing)?;
        }
    }
    for what in &missing {
        println!("xtask: missing: {what}");
    }
    for what in left_out.lines() {
        println!("xtask: left out: {what}");
    }
    Ok(passed && missing.is_empty())
}

impl Gates {
    /// Gets what the gates need; what cannot be had is named in `missing`, the gates that go without in `left_out`.
    pub fn provide(
        root: &Path,
        target: &Path,
        tools: &Tools,
        missing: &mut Vec<String>,
        left_out: &mut String,
    ) -> Option<Self> {
        let Some(python) = python::provide(DEPLOY, root, target, missing) else {
            left_out.push_str("every gate of deploy/: no Python packages\n");
            return None;
        };
        let icons = icons(root, tools);
        if let Err(error) = &icons {
            missing.push(format!("the icons of deploy/diagram/package.json: {error:#}"));
        }
        let has_pictures = icons.is_ok() && tools.has(RENDERER);
        if !has_pictures {
            left_out.push_str("the gate `diagram` of deploy/: it cannot draw\n");
        }
        Some(Self { python, has_pictures })
    }

    /// The interpreter of their environment, which ministack is in, too.
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// Runs them one after the other; true when all passed. What each says is printed in one piece, so that it can go beside
    /// something else.
    ///
    /// # Errors
    /// One cannot be started.
    pub fn run(&self, root: &Path) -> Result<bool> {
        let mut passed = true;
        for script in SCRIPTS {
            let mut command = script_of(root, &self.python, script);
            if script == CHECK && !self.has_pictures {
                command.args(["--without", PICTURES]);
            }
            let said = command.output().with_context(|| script.to_owned())?;
            let verdict = if said.status.success() { "passed" } else { "FAILED" };
            let [out, errors] = [&said.stdout, &said.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
            println!("xtask: {verdict}: {script}\n{}", indented(&[out, errors].concat()));
            passed &= said.status.success();
        }
        Ok(passed)
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn script_of(root: &Path, python: impl AsRef<OsStr>, script: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(root.join(script)).current_dir(root);
    command
}

/// The icons of the picture, in their exact version.
fn icons(root: &Path, tools: &Tools) -> Result<()> {
    let folder = root.join("deploy/diagram");
    let lock = std::fs::read_to_string(folder.join("package-lock.json")).context("deploy/diagram/package-lock.json")?;
    let stamp = folder.join("node_modules/.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    anyhow::ensure!(tools.has(NPM), "npm is not there");
    succeeds(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder))?;
    Ok(std::fs::write(stamp, lock)?)
}
