//! `outhaul ingest --server`: each FILE as one request, under its batch key.

use std::path::Path;

use serde::Deserialize;

use super::{Output, RefusedLine, is_stdin};
use crate::args;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::remote::{Answer, Remote, Upload};
use crate::report::{Report, count};

/// What the service says of a batch that it took.
#[derive(Deserialize)]
struct Taken {
    accepted: u64,
    /// As text, since it needs all 64 bits.
    snapshot: Option<String>,
    #[serde(default)]
    already_known: bool,
}

/// Sends the files one after another; a refused one ends the command, those before it stay.
pub async fn run(server: &str, args: args::Ingest, report: &Report) -> Result<Exit, Failure> {
    for (given, name) in [(args.create, "--create"), (args.skip_refused, "--skip-refused")] {
        if given {
            return Err(Failure::usage(format!(
                "{name} is for a data folder; a service takes a file wholly or not at all"
            )));
        }
    }
    let remote = Remote::of_environment(server)?;
    let mut interrupted = interrupt::switch()?;
    tokio::select! {
        taken = take(&remote, &args, report) => taken,
        () = interrupt::came(&mut interrupted) => Ok(Exit::Interrupted),
    }
}

async fn take(remote: &Remote, args: &args::Ingest, report: &Report) -> Result<Exit, Failure> {
    super::check_files(args)?;
    let mut output = Output { already_known: true, ..Output::default() };
    let path = format!("/v1/organisations/{}/messages", args.org);
    for file in &args.files {
        let name = (args.files.len() > 1 && !is_stdin(file)).then(|| file.display().to_string());
        let (opened, given) = (file.clone(), args.batch_key.clone());
        let read = tokio::task::spawn_blocking(move || -> Result<_, Failure> {
            let upload = Upload::open(&opened)?;
            let key = given.map_or_else(|| upload.blake3(), Ok)?;
            Ok((upload, key))
        });
        let (upload, key) = read.await??;
        let answer = remote.upload(&path, &upload, &key).await?;
        if !answer.is_success() {
            return refused(&answer, name, output, report);
        }
        let taken: Taken = answer.json()?;
        report.say(in_words(file, &taken));
        output.accepted += taken.accepted;
        output.already_known &= taken.already_known;
        output.snapshot = taken.snapshot.and_then(|id| id.parse().ok()).or(output.snapshot);
    }
    report.result(&output, || output.refused_in_words(true));
    Ok(Exit::Done)
}

/// Refused messages are listed as those of a data folder are; everything else is a failure.
fn refused(answer: &Answer, file: Option<String>, mut output: Output, report: &Report) -> Result<Exit, Failure> {
    let problem = answer.problem();
    if problem.code != "refused_messages" {
        report.result(&output, || output.refused_in_words(true));
        return Err(answer.failure());
    }
    output.already_known = false;
    output.refused_count += problem.refused_count.unwrap_or(problem.errors.len() as u64);
    output.refused.extend(problem.errors.into_iter().map(|refused| RefusedLine {
        file: file.clone(),
        line: refused.line.unwrap_or(0),
        field: refused.field.filter(|field| !field.is_empty()),
        reason: refused.reason,
    }));
    report.result(&output, || output.refused_in_words(false));
    Ok(Exit::Refused)
}

fn in_words(path: &Path, taken: &Taken) -> String {
    let known = if taken.already_known { " (known already, nothing changed)" } else { "" };
    format!("{}: {}{known}", path.display(), count(taken.accepted, "message", "messages"))
}
