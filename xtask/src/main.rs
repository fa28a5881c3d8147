//! `cargo xtask`: what keeps the workspace in shape, without any tool that is not in the checkout.

mod commands;
mod deploy;
mod python;
mod simulate;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str =
    "usage: cargo xtask tidy | test [--deep] | services | deploy-check [--program FILE] | simulate [--help]";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was found in order.
fn run(arguments: &[String]) -> Result<bool> {
    let root = root()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy::run(&root),
        ["test"] => test::run(&root, false),
        ["test", "--deep"] => test::run(&root, true),
        ["deploy-check"] => deploy::run(&root, &test::target_folder(&root), None),
        ["deploy-check", "--program", program] => {
            deploy::run(&root, &test::target_folder(&root), Some(&std::path::absolute(program)?))
        }
        ["services"] => test::services(&root),
        ["simulate", arguments @ ..] => simulate::run(&root, arguments),
        _ => bail!("{USAGE}"),
    }
}

/// The checkout that this program was built from.
fn root() -> Result<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the root of the workspace")?;
    Ok(parent.to_owned())
}
