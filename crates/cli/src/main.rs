//! `outhaul`: data export as a service, from the command line.

mod args;
mod commands;
mod config;
mod exit;
mod failpoints;
mod folder;
mod generate;
mod holders;
mod interrupt;
mod log;
mod remote;
mod report;
mod service;
mod system;
mod telemetry;
mod waiting;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(refused) => return exit::usage(&refused),
    };
    let report = report::Report::new(&cli.global);
    match failpoints::arm().and_then(|()| commands::run(cli, &report)) {
        Ok(_) if report.is_lost() => {
            report.failure(&exit::Failure::from(anyhow::anyhow!("the result could not be written to stdout")));
            exit::Exit::Failed.into()
        }
        Ok(code) => code.into(),
        Err(failure) => {
            report.failure(&failure);
            failure.code.into()
        }
    }
}
