//! DynamoDB Local, which Amazon gives away as a program in Java; a package of npm brings it. Its licence lets it be used, and it is
//! not in the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::{succeeds, works};

/// The package and its version; npm compares what comes with the registry's checksum.
const PACKAGE: &str = "amplify-dynamodb-simulator@2.9.30";
const ARCHIVE: &str = "amplify-dynamodb-simulator-2.9.30.tgz";

/// The jar, or `None`, noted in `missing`, where it cannot be had.
pub fn provide(target: &Path, missing: &mut Vec<String>) -> Result<Option<PathBuf>> {
    let folder = target.join("test-dynamodb");
    let jar = folder.join("package/emulator/DynamoDBLocal.jar");
    // The name is written last: where it agrees, all of the package is there.
    let name = folder.join("package.txt");
    if std::fs::read_to_string(&name).is_ok_and(|there| there == PACKAGE) && jar.is_file() {
        return Ok(Some(jar));
    }
    match unpack(&folder) {
        Ok(()) => {
            std::fs::write(&name, PACKAGE)?;
            Ok(Some(jar))
        }
        Err(error) => {
            missing.push(format!("DynamoDB Local ({PACKAGE} of npm): {error:#}"));
            Ok(None)
        }
    }
}

fn unpack(folder: &Path) -> Result<()> {
    anyhow::ensure!(works(Command::new("npm").arg("--version")), "npm is not there");
    println!("xtask: making {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    succeeds(Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(folder))?;
    succeeds(Command::new("tar").args(["-xzf", ARCHIVE]).current_dir(folder))?;
    std::fs::remove_file(folder.join(ARCHIVE)).context(ARCHIVE)
}
