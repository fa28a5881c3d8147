//! A Python environment of the tests' own, with exact versions, made again only when they change.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{succeeds, works};

/// The interpreter of the environment, or `None`, noted in `missing`, where it cannot be made.
pub fn provide(root: &Path, target: &Path, missing: &mut Vec<String>) -> Result<Option<PathBuf>> {
    let wanted = root.join("tests/requirements.txt");
    let requirements = std::fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
    let folder = target.join("test-venv");
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
            missing.push(format!("the Python packages of tests/requirements.txt: {error:#}"));
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
