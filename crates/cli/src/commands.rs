//! One file per command.

mod cost;
mod demo;
mod doctor;
mod export;
mod generate;
mod ingest;
mod lake;
mod member;
mod membership;
mod migrate;
mod openapi;
mod org;
mod restore;
mod serve;
mod token;
mod trail;
mod user;
mod verify;

use crate::args::{Cli, Command};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::log;
use crate::report::Report;
use crate::service::Roles;
use crate::telemetry::Telemetry;

/// Carries a command out.
pub fn run(cli: Cli, report: &Report) -> Result<Exit, Failure> {
    // These need neither a data folder nor a configuration.
    let command = match cli.command {
        Command::Generate(args) if cli.global.server.is_none() => return generate::run(&args, report),
        Command::Verify(args) if cli.global.server.is_none() => return verify::run(&args, report),
        Command::Cost(args) if cli.global.server.is_none() => return cost::run(&args, report),
        command => command,
    };
    if let Some(server) = &cli.global.server {
        log::start(&cli.global);
        return remote(server, command, report);
    }
    if matches!(command, Command::Openapi) {
        return openapi::run(report);
    }
    let config = Config::read(cli.global.config.as_deref(), cli.global.data.as_deref())?;
    let mut telemetry = Telemetry::default();
    match command {
        Command::Serve(_) | Command::Api(_) | Command::Worker(_) => {
            telemetry = Telemetry::new(&config.telemetry)?;
            log::start_service(&cli.global, &config.logs, &telemetry);
        }
        _ => log::start(&cli.global),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Ingest(args) => ingest::run(&config, args, report).await,
            Command::Export(args) => export::run(&config, args, report).await,
            Command::Org(args) => org::run(&config, args, report).await,
            Command::User(args) => user::run(&config, args, report).await,
            Command::Member(args) => member::run(&config, args, report).await,
            Command::Token(args) => token::run(&config, args, report).await,
            Command::Membership(args) => membership::run(&config, args, report).await,
            Command::Trail(args) => trail::run(&config, args, report).await,
            Command::Lake(args) => lake::run(&config, args, report).await,
            Command::Serve(args) => serve::run(&config, Roles::BOTH, args.listen, report).await,
            Command::Api(args) => serve::run(&config, Roles::API, args.listen, report).await,
            Command::Worker(args) => serve::run(&config, Roles::WORKER, args.listen, report).await,
            Command::Doctor => doctor::run(&config, report).await,
            Command::Migrate => migrate::run(&config, report).await,
            Command::Restore => restore::run(&config, report).await,
            Command::Demo(args) => demo::run(&config, args, report).await,
            Command::Generate(_) | Command::Verify(_) | Command::Cost(_) | Command::Openapi => {
                unreachable!("handled above")
            }
        }
    });
    // Whatever still runs on a thread of its own belongs to an interrupted command.
    runtime.shutdown_background();
    telemetry.finish();
    done
}

/// Carries a command out on a service.
fn remote(server: &str, command: Command, report: &Report) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Ingest(args) => ingest::run_remote(server, args, report).await,
            Command::Export(args) => export::run_remote(server, args, report).await,
            _ => Err(Failure::usage("--server is for `ingest` and `export`; this command needs the data folder")),
        }
    });
    runtime.shutdown_background();
    done
}
