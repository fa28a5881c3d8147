//! Running other programs.

use std::process::Command;

use anyhow::Result;

/// Runs a command, which must succeed.
///
/// # Errors
/// It cannot be run, or ends otherwise.
pub fn succeeds(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| anyhow::anyhow!("{command:?}: {error}"))?;
    anyhow::ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

/// Whether a command can be run and succeeds; its output is not shown.
pub fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
