//! `outhaul export`: the same worker as everywhere, in this process, until this export is settled.

mod output;
mod remote;
mod request;
mod trouble;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use domain::export::{Export, Failure as ExportFailure, State};
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::request::Request;
use stores::jobs::{Created, NewExport};

use crate::args;
use crate::config::Config;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt;
use crate::report::{Report, count};
use crate::waiting::{Wait, Waiting};
use crate::wiring::Installation;

use output::{Output, Target};

pub use remote::run as run_remote;

/// Builds the export, or goes on with the one that an interrupted run of the same command left, and hands it out.
pub async fn run(config: &Config, args: args::Export, report: &Report) -> Result<Exit, Failure> {
    let request = request::parse(&args, config)?;
    let target = Target::new(&args.output, request.format, args.force)?;
    let installation = Installation::open(config).await?;
    installation.organisation(&args.org).await?;
    let started = installation.clock.monotonic();
    let waiting = Waiting::new(&installation.folder)?;
    let (export, wait) = start(&installation, &waiting, Owner::Organisation(args.org), request).await?;
    let abandoned = waiting.cancel_abandoned(installation.jobs.as_ref(), &export.owner).await?;
    if abandoned > 0 {
        report
            .say(format!("cancelled {} that nobody waits for any more", count(abandoned.into(), "export", "exports")));
    }
    let mut interrupted = interrupt::switch()?;
    let patience = Duration::from_millis(config.limits.lease_milliseconds);
    let until = watch::Until { interrupted: interrupted.clone(), patience };
    let (settled, encoded_rows) = watch::until_settled(&installation, &export, &until, report).await?;
    let Some(export) = settled else { return Ok(interrupted_here(report)) };
    if let Some(wait) = wait {
        wait.over();
    }
    let seconds = (installation.clock.monotonic() - started).as_secs_f64();
    match &export.state {
        State::Succeeded { files, .. } => {
            let outputs = tokio::select! {
                outputs = target.hand_out(&installation, &export, files) => outputs?,
                () = interrupt::came(&mut interrupted) => return Ok(interrupted_here(report)),
            };
            let output = Output::new(&export, files, outputs, encoded_rows, seconds);
            report.result(&output, || output.in_words());
            Ok(Exit::Done)
        }
        State::Failed { failure, .. } => Err(failed(&export, failure)),
        other => Err(anyhow!("export {} was {}", export.id, other.name()).into()),
    }
}

fn interrupted_here(report: &Report) -> Exit {
    report.say("interrupted; the same command goes on from here");
    Exit::Interrupted
}

fn failed(export: &Export, failure: &ExportFailure) -> Failure {
    anyhow!("export {} failed ({}): {}", export.id, failure.code.name(), failure.message).into()
}

/// The unsettled export of the same request over the same data, or a new one.
async fn start(
    installation: &Installation,
    waiting: &Waiting,
    owner: Owner,
    request: Request,
) -> Result<(Export, Option<Wait>), Failure> {
    let snapshot = installation.lake.current_snapshot().await?;
    let same = |export: &Export| export.request == request && export.plan.is_none_or(|plan| plan.snapshot == snapshot);
    if let Some(export) = installation.jobs.unsettled(&owner).await?.into_iter().find(same) {
        let wait = waiting.join(export.id)?;
        // Before we waited for it another command may have cancelled it.
        match installation.jobs.get(&owner, export.id).await? {
            Some(Export { state: State::Cancelled { .. }, .. }) | None => {}
            Some(export) => return Ok((export, wait)),
        }
    }
    let id = ExportId::new(installation.clock.now(), Arc::as_ref(&installation.random));
    let wait = waiting.announce(id)?;
    // Whoever holds the data folder may export as often as they like; the limit a day is for requests over HTTP.
    let new = NewExport { id, owner, request, requested_by: None, idempotency: None, per_day_limit: None };
    match installation.jobs.create(new).await.or_exit(Exit::Unavailable)? {
        Created::New(export) | Created::Known(export) => Ok((export, Some(wait))),
        Created::KeyConflict | Created::TooManyToday => {
            Err(anyhow!("the job store refused a request without a key").into())
        }
    }
}
