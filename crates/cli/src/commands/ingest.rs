//! `outhaul ingest`: each FILE is one batch, wholly taken or wholly refused unless asked otherwise.

mod remote;

use std::path::Path;

use anyhow::{Context, anyhow};
use lake::LakeError;
use lake::ingest::{Compression, IngestOptions, Ingested, Input, Refused};
use serde::Serialize;
use tracing::info;

use crate::args;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::report::{Report, count};
use crate::wiring::Installation;

pub use remote::run as run_remote;

#[derive(Default, Serialize)]
struct Output {
    accepted: u64,
    refused: Vec<RefusedLine>,
    refused_count: u64,
    /// The snapshot that holds everything given.
    snapshot: Option<i64>,
    already_known: bool,
}

#[derive(Clone, Serialize)]
struct RefusedLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    line: u64,
    field: Option<String>,
    reason: String,
}

/// Takes the files one after another, unless interrupted: then nothing of the file at hand is there.
pub async fn run(config: &Config, args: args::Ingest, report: &Report) -> Result<Exit, Failure> {
    let mut interrupted = interrupt::switch()?;
    tokio::select! {
        taken = take(config, args, report) => taken,
        () = interrupt::came(&mut interrupted) => Ok(Exit::Interrupted),
    }
}

/// The same without a result on stdout, for a command that has one of its own.
pub async fn take_in(config: &Config, args: args::Ingest, report: &Report) -> Result<Exit, Failure> {
    run(config, args, &report.without_results()).await
}

/// A refused file ends the command; those before it stay.
async fn take(config: &Config, args: args::Ingest, report: &Report) -> Result<Exit, Failure> {
    check_files(&args)?;
    let installation = Installation::open(config).await?;
    if args.create {
        installation.directory.create_organisation(&args.org).await?;
    }
    installation.organisation(&args.org).await?;
    installation.lake.sweep().await.context("cannot clear up after an interrupted ingest")?;
    let mut output = Output { already_known: true, ..Output::default() };
    let several = args.files.len() > 1;
    for path in &args.files {
        let ingested = installation.lake.ingest(&args.org, input(path), options(config, &args)).await;
        let ingested = match ingested.with_context(|| format!("{} was not taken", path.display())) {
            Ok(ingested) => ingested,
            Err(error) => {
                // The files before it stay.
                report.result(&output, || output.refused_in_words(true));
                return Err(coded(error));
            }
        };
        info!(
            accepted = ingested.accepted,
            refused = ingested.refused_count,
            known = ingested.already_known,
            "file taken"
        );
        report.say(in_words(path, &ingested));
        let wholly = ingested.refused_count == 0 || args.skip_refused;
        output.take(ingested, several.then(|| path.display().to_string()));
        if !wholly {
            report.result(&output, || output.refused_in_words(false));
            return Ok(Exit::Refused);
        }
    }
    report.result(&output, || output.refused_in_words(true));
    Ok(Exit::Done)
}

/// Refuses what cannot be taken before anything is.
fn check_files(args: &args::Ingest) -> Result<(), Failure> {
    if args.batch_key.is_some() && args.files.len() > 1 {
        return Err(Failure::usage("--batch-key names one batch, so it takes one FILE"));
    }
    for path in args.files.iter().filter(|path| !is_stdin(path)) {
        if !path.is_file() {
            return Err(Failure::new(Exit::NotFound, anyhow!("{} is not a file", path.display())));
        }
    }
    Ok(())
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn input(path: &Path) -> Input {
    if is_stdin(path) {
        return Input::Stream(Box::new(std::io::stdin()), Compression::Plain);
    }
    Input::File(path.to_owned())
}

fn options(config: &Config, args: &args::Ingest) -> IngestOptions {
    let mut options = IngestOptions {
        batch_key: args.batch_key.clone(),
        skip_refused: args.skip_refused,
        refused_limit: config.ingest.refused_listed,
        input: config.ingest.input_limits(),
        ..IngestOptions::default()
    };
    options.sort.memory_bytes = config.ingest.sort_memory_bytes;
    options
}

/// Input that cannot be read to its end is refused input; a lake that is busy is a backend that is away.
fn coded(error: anyhow::Error) -> Failure {
    let code = match error.downcast_ref::<LakeError>() {
        Some(LakeError::Input(_)) => Exit::Refused,
        Some(error) if error.retryable() => Exit::Unavailable,
        _ => Exit::Failed,
    };
    Failure::new(code, error)
}

impl Output {
    fn take(&mut self, ingested: Ingested, file: Option<String>) {
        self.accepted += ingested.accepted;
        self.refused_count += ingested.refused_count;
        self.already_known &= ingested.already_known;
        self.snapshot = ingested.snapshot.or(self.snapshot);
        let line = |refused: Refused| RefusedLine {
            file: file.clone(),
            line: refused.line,
            field: refused.field,
            reason: refused.reason,
        };
        self.refused.extend(ingested.refused.into_iter().map(line));
    }

    fn refused_in_words(&self, taken: bool) -> String {
        let mut lines: Vec<_> = self.refused.iter().map(RefusedLine::in_words).collect();
        let unlisted = self.refused_count - self.refused.len() as u64;
        if unlisted > 0 {
            lines.push(format!("and {} more", count(unlisted, "line", "lines")));
        }
        if !taken {
            lines.push("nothing of this file was taken; --skip-refused takes the rest".to_owned());
        }
        lines.push(format!("{} taken", count(self.accepted, "message", "messages")));
        lines.join("\n")
    }
}

impl RefusedLine {
    fn in_words(&self) -> String {
        let file = self.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        let field = self.field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        format!("{file}line {}{field}: {}", self.line, self.reason)
    }
}

fn in_words(path: &Path, ingested: &Ingested) -> String {
    let known = if ingested.already_known { " (known already, nothing changed)" } else { "" };
    format!("{}: {}{known}", path.display(), count(ingested.accepted, "message", "messages"))
}
