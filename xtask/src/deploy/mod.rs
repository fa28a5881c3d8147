//! `cargo xtask deploy-check`: everything under `deploy/` goes through its gates, and each gate shows that it finds what is broken.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::{succeeds, works};
use crate::python::{self, Environment};

/// Scripts, and the packages that they need.
struct Suite {
    environment: Environment,
    scripts: &'static [&'static str],
}

const SUITES: [Suite; 2] = [
    Suite {
        // The list is complete.
        environment: Environment {
            folder: "kubernetes-venv",
            requirements: "deploy/kubernetes/requirements.txt",
            pip: &["--no-deps"],
        },
        scripts: &[
            "deploy/kubernetes/check.py",
            "deploy/kubernetes/selftest.py",
            "deploy/container/check.py",
            "deploy/container/selftest.py",
        ],
    },
    Suite {
        environment: Environment { folder: "deploy-venv", requirements: "deploy/requirements.txt", pip: &[] },
        scripts: &["deploy/check.py"],
    },
];

/// Runs every gate; true when all passed.
///
/// # Errors
/// Something that they need cannot be had.
pub fn run(root: &Path, target: &Path) -> Result<bool> {
    renderer()?;
    icons(root)?;
    let mut passed = true;
    for suite in SUITES {
        let python = python::environment(suite.environment, root, target)?;
        for script in suite.scripts {
            println!("xtask: {script}");
            let status = Command::new(&python).arg(root.join(script)).current_dir(root).status();
            passed &= status.with_context(|| format!("{} {script}", python.display()))?.success();
        }
    }
    Ok(passed)
}

/// Makes pictures of vectors; from Debian where it is missing.
fn renderer() -> Result<()> {
    if works(Command::new("rsvg-convert").arg("--version")) {
        return Ok(());
    }
    let installed =
        succeeds(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "librsvg2-bin"]));
    installed.context("rsvg-convert is missing: apt-get install librsvg2-bin")
}

/// The icons of the picture, in their exact version.
fn icons(root: &Path) -> Result<()> {
    let folder = root.join("deploy/diagram");
    let lock = std::fs::read_to_string(folder.join("package-lock.json")).context("deploy/diagram/package-lock.json")?;
    let stamp = folder.join("node_modules/.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    succeeds(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder))?;
    Ok(std::fs::write(stamp, lock)?)
}
