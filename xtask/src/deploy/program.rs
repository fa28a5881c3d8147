//! What needs the program as the image holds it: two builds that must be alike, its way through the chart, its life in the image.

use std::path::Path;

use anyhow::{Context, Result};

use super::script_of;
use crate::test::Environment;

const REPRODUCE: &str = "deploy/container/reproduce.py";
/// Where reproduce.py leaves the first of its two builds, below the folder that it is given.
const FIRST: &str = "one/target/release/outhaul";
const OF_A_PROGRAM: [&str; 3] =
    ["deploy/kubernetes/program.py", "deploy/kubernetes/rehearse.py", "deploy/container/rootfs.py"];
/// What a script ends with that lacks something, which it names.
const LEFT_OUT: i32 = 77;

/// Builds the release twice, in two folders, compares, and tries one of them. Takes as long as two release builds from nothing.
///
/// # Errors
/// A script cannot be started, or the folder of the builds not be removed.
pub fn built_twice(
    root: &Path,
    target: &Path,
    python: &Path,
    environment: &Environment,
    missing: &mut Vec<String>,
) -> Result<bool> {
    let folder = target.join("reproduce");
    remove(&folder)?;
    let same = script_of(root, python, REPRODUCE).arg("--keep").arg(&folder).status().context(REPRODUCE)?.success();
    let program = folder.join(FIRST);
    let passed = same && tried(root, python, &program, environment, missing)?;
    remove(&folder)?;
    Ok(passed)
}

/// Tries a program in the chart's environments, on real engines, and in a folder tree of just what the image holds.
///
/// # Errors
/// A script cannot be started.
pub fn tried(
    root: &Path,
    python: &Path,
    program: &Path,
    environment: &Environment,
    missing: &mut Vec<String>,
) -> Result<bool> {
    let mut passed = true;
    for script in OF_A_PROGRAM {
        println!("xtask: {script}");
        let mut command = script_of(root, python, script);
        command.arg(program).envs(environment.iter().map(|(name, value)| (name, value)));
        let status = command.status().context(script)?;
        if status.code() == Some(LEFT_OUT) {
            missing.push(format!("what {script} says above that it lacks"));
        }
        passed &= status.success() || status.code() == Some(LEFT_OUT);
    }
    Ok(passed)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    Ok(())
}
