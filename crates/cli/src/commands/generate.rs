//! `outhaul generate`: invented messages as NDJSON.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use crate::args;
use crate::exit::{Exit, Failure};
use crate::generate::{GenerateError, Options, generate};
use crate::report::{Report, count, size};

/// Writes the messages.
pub fn run(args: &args::Generate, report: &Report) -> Result<Exit, Failure> {
    let options = Options {
        messages: args.messages,
        organisations: args.organisations,
        days: args.days,
        from: args.from,
        seed: args.seed,
        only: args.org.clone(),
    };
    if args.output == Path::new("-") {
        let mut output = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
        generate(&options, &mut output).map_err(coded)?;
        output.flush()?;
        return Ok(Exit::Done);
    }
    let file = OpenOptions::new().write(true).create(true).create_new(!args.force).truncate(true).open(&args.output);
    let file = file.with_context(|| format!("cannot write {}", args.output.display()))?;
    let mut output = BufWriter::with_capacity(1 << 20, file);
    let generated = generate(&options, &mut output).map_err(coded)?;
    output.flush()?;
    report.say(format!(
        "wrote {} ({}) to {}",
        count(generated.messages, "message", "messages"),
        size(generated.bytes),
        args.output.display()
    ));
    Ok(Exit::Done)
}

/// Options that make no sense are a usage error; an output that fails is a failure.
fn coded(error: GenerateError) -> Failure {
    let code = if matches!(error, GenerateError::Usage { .. }) { Exit::Usage } else { Exit::Failed };
    Failure::new(code, error)
}
