//! `outhaul export`: the same worker as everywhere, in this process, until this export is settled.

mod output;
mod remote;
mod request;
mod watch;

use std::sync::Arc;

use anyhow::anyhow;
use domain::export::{Export, Failure as ExportFailure, State};
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::request::Request;
use stores::jobs::{Created, NewExport};

use crate::args;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::report::Report;
use crate::wiring::Embedded;

use output::{Output, Target};

pub use remote::run as run_remote;

/// Builds the export, or goes on with the one that an interrupted run of the same command left, and hands it out.
pub async fn run(config: &Config, args: args::Export, report: &Report) -> Result<Exit, Failure> {
    let request = request::parse(&args, config)?;
    let target = Target::new(&args.output, request.format, args.force)?;
    let embedded = Embedded::open(config).await?;
    embedded.organisation(&args.org).await?;
    let started = embedded.clock.monotonic();
    let export = start(&embedded, Owner::Organisation(args.org), request).await?;
    let mut interrupted = interrupt::switch()?;
    let (settled, encoded_rows) = watch::until_settled(&embedded, &export, &interrupted, report).await?;
    let Some(export) = settled else { return Ok(interrupted_here(report)) };
    let seconds = (embedded.clock.monotonic() - started).as_secs_f64();
    match &export.state {
        State::Succeeded { files, .. } => {
            let outputs = tokio::select! {
                outputs = target.hand_out(&embedded, &export, files) => outputs?,
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
async fn start(embedded: &Embedded, owner: Owner, request: Request) -> Result<Export, Failure> {
    let snapshot = embedded.lake.current_snapshot().await?;
    let same = |export: &Export| export.request == request && export.plan.is_none_or(|plan| plan.snapshot == snapshot);
    if let Some(export) = embedded.jobs.unsettled(&owner).await?.into_iter().find(same) {
        return Ok(export);
    }
    let id = ExportId::new(embedded.clock.now(), Arc::as_ref(&embedded.random));
    // Whoever holds the data folder may export as often as they like; the limit a day is for requests over HTTP.
    let new = NewExport { id, owner, request, requested_by: None, idempotency: None, per_day_limit: None };
    match embedded.jobs.create(new).await? {
        Created::New(export) | Created::Known(export) => Ok(export),
        Created::KeyConflict | Created::TooManyToday => {
            Err(anyhow!("the job store refused a request without a key").into())
        }
    }
}
