//! Python environments of the project's own, with exact versions, made again only when they change.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::{succeeds, works};

/// The interpreter of the tests' environment, or `None`, noted in `missing`, where it cannot be made.
pub fn provide(root: &Path, target: &Path, missing: &mut Vec<String>) -> Result<Option<PathBuf>> {
    let made = environment(&target.join("test-venv"), &root.join("tests/requirements.txt"), &[]);
    match made {
        Ok(python) => Ok(Some(python)),
        Err(error) => {
            missing.push(format!("the Python packages of tests/requirements.txt: {error:#}"));
            Ok(None)
        }
    }
}

/// The interpreter of an environment in `folder` with exactly the packages that are wanted; `options` go to pip.
///
/// # Errors
/// No Python, or a package that cannot be had.
pub fn environment(folder: &Path, wanted: &Path, options: &[&str]) -> Result<PathBuf> {
    let requirements = std::fs::read_to_string(wanted).with_context(|| format!("{}", wanted.display()))?;
    let python = folder.join("bin/python");
    // The copy is written last: where it agrees, the environment is whole.
    let copy = folder.join("requirements.txt");
    let is_whole = std::fs::read_to_string(&copy).is_ok_and(|made| made == requirements);
    if !is_whole || !works(Command::new(&python).arg("--version")) {
        make(folder, &python, wanted, options)?;
        std::fs::write(&copy, requirements)?;
    }
    Ok(python)
}

fn make(folder: &Path, python: &Path, requirements: &Path, options: &[&str]) -> Result<()> {
    println!("xtask: making {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    succeeds(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    succeeds(Command::new(python).args(pip).args(options).arg("--requirement").arg(requirements))
}
