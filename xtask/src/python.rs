//! Python environments of the project's own, with exact versions, made again only when they change.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::{succeeds, works};

/// An environment: its folder below the target folder, the file that says what is in it, and what pip is told beside that.
#[derive(Clone, Copy)]
pub struct Environment {
    pub folder: &'static str,
    pub requirements: &'static str,
    pub pip: &'static [&'static str],
}

/// What the tests' readers need.
pub const READERS: Environment = Environment { folder: "test-venv", requirements: "tests/requirements.txt", pip: &[] };
/// What the gates of `deploy/` need, in other versions, and ministack, an emulator of AWS, for the tests, too. The list is complete.
pub const DEPLOY: Environment =
    Environment { folder: "deploy-venv", requirements: "deploy/requirements.txt", pip: &["--no-deps"] };

/// The interpreter of an environment, or `None`, noted in `missing`, where it cannot be made.
pub fn provide(of: Environment, root: &Path, target: &Path, missing: &mut Vec<String>) -> Option<PathBuf> {
    match environment(of, root, target) {
        Ok(python) => Some(python),
        Err(error) => {
            missing.push(format!("the Python packages of {}: {error:#}", of.requirements));
            None
        }
    }
}

/// The interpreter of an environment.
///
/// # Errors
/// No Python, or a package that cannot be had.
fn environment(of: Environment, root: &Path, target: &Path) -> Result<PathBuf> {
    let (folder, wanted) = (target.join(of.folder), root.join(of.requirements));
    let requirements = std::fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
    let python = folder.join("bin/python");
    // The copy is written last: where it agrees, the environment is whole.
    let copy = folder.join("requirements.txt");
    let is_whole = std::fs::read_to_string(&copy).is_ok_and(|made| made == requirements);
    if !is_whole || !works(Command::new(&python).arg("--version")) {
        make(&folder, &python, &wanted, of.pip)?;
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
