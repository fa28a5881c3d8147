//! Python environments of the tests' own, with exact versions, made again only when they change.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{succeeds, works};

/// An environment: its folder below the target folder, and the file that says what is in it.
#[derive(Clone, Copy)]
pub struct Environment {
    folder: &'static str,
    requirements: &'static str,
}

/// What the tests' readers need.
pub const READERS: Environment = Environment { folder: "test-venv", requirements: "tests/requirements.txt" };
/// An emulator of AWS that wants other versions.
pub const MINISTACK: Environment =
    Environment { folder: "test-ministack", requirements: "tests/requirements-ministack.txt" };

/// The interpreter of an environment, or `None`, noted in `missing`, where it cannot be made.
pub fn provide(of: Environment, root: &Path, target: &Path, missing: &mut Vec<String>) -> Result<Option<PathBuf>> {
    let wanted = root.join(of.requirements);
    let requirements = std::fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
    let folder = target.join(of.folder);
    let python = folder.join("bin/python");
    // The copy is written last: where it agrees, the environment is whole.
    let copy = folder.join("requirements.txt");
    let is_whole = std::fs::read_to_string(&copy).is_ok_and(|made| made == requirements);
    if is_whole && works(Command::new(&python).arg("--version")) {
        return Ok(Some(python));
    }
    match make(&folder, &python, &wanted) {
        Ok(()) => {
            std::fs::write(&copy, requirements)?;
            Ok(Some(python))
        }
        Err(error) => {
            missing.push(format!("the Python packages of {}: {error:#}", of.requirements));
            Ok(None)
        }
    }
}

fn make(folder: &Path, python: &Path, requirements: &Path) -> Result<()> {
    println!("xtask: making {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    succeeds(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--requirement"];
    succeeds(Command::new(python).args(pip).arg(requirements))
}
