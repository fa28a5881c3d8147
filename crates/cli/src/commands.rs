//! One file per command.

mod demo;
mod doctor;
mod export;
mod generate;
mod ingest;
mod lake;
mod org;
mod verify;

use crate::args::{Cli, Command};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::Report;

/// Carries a command out.
pub fn run(cli: Cli, report: &Report) -> Result<Exit, Failure> {
    // These two need neither a data folder nor a configuration.
    let command = match cli.command {
        Command::Generate(args) => return generate::run(&args, report),
        Command::Verify(args) => return verify::run(&args, report),
        command => command,
    };
    let config = Config::read(cli.global.config.as_deref(), cli.global.data.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Ingest(args) => ingest::run(&config, args, report).await,
            Command::Export(args) => export::run(&config, args, report).await,
            Command::Org(args) => org::run(&config, args, report).await,
            Command::Lake(args) => lake::run(&config, args, report).await,
            Command::Doctor => doctor::run(&config, report).await,
            Command::Demo(args) => demo::run(&config, args, report).await,
            Command::Generate(_) | Command::Verify(_) => unreachable!("handled above"),
        }
    });
    // Whatever still runs on a thread of its own belongs to an interrupted command.
    runtime.shutdown_background();
    done
}
