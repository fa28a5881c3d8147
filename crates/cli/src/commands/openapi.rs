//! `outhaul openapi`: the document that the service serves at `/openapi.json`.

use anyhow::Context;

use crate::exit::{Exit, Failure};
use crate::report::Report;

/// Prints the document; with `--json` on one line.
pub fn run(report: &Report) -> Result<Exit, Failure> {
    let document = api::openapi();
    let text = if report.is_json() { document.to_json() } else { document.to_pretty_json() };
    report.data(&text.context("the document cannot be written")?);
    Ok(Exit::Done)
}
