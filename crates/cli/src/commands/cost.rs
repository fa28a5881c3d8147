//! `outhaul cost`: what an installation on AWS costs a month.

use std::fs;
use std::path::Path;

use anyhow::Context;
use cost::analysis::Analysis;
use cost::assumptions::Assumptions;
use cost::prices::PriceList;
use cost::report::json::Output;
use cost::report::{chart, csv, page, text};
use cost::scenario::{change, overlay};
use cost::services;

use crate::args::cost::{Cost, Form};
use crate::exit::{Exit, Failure, OrExit};
use crate::report::Report;

/// Prints what was asked for, whatever `--quiet` says.
pub fn run(args: &Cost, report: &Report) -> Result<Exit, Failure> {
    if args.services {
        report.data(services::list().trim_end());
        return Ok(Exit::Done);
    }
    let prices = prices(args.prices.as_deref())?;
    if args.format == Form::Page && !report.is_json() {
        if args.scenario.is_some() || !args.changes.is_empty() {
            return Err(Failure::usage("--format page is of the presets; it takes neither --scenario nor --set"));
        }
        report.data(page::page(&prices).trim_end());
        return Ok(Exit::Done);
    }
    let analysis = Analysis::new(title(args), assumptions(args)?, &prices);
    if report.is_json() {
        report.result(&Output::from(&analysis), String::new);
        return Ok(Exit::Done);
    }
    let printed = match args.format {
        Form::Csv => csv::csv(&analysis),
        Form::Svg => chart::svg(&analysis),
        Form::Text | Form::Page => text::text(&analysis),
    };
    report.data(printed.trim_end());
    Ok(Exit::Done)
}

fn title(args: &Cost) -> String {
    match args.scenario.is_none() && args.changes.is_empty() {
        true => args.preset.title().to_owned(),
        false => format!("A scenario of your own, from the preset {}", args.preset.name()),
    }
}

fn prices(file: Option<&Path>) -> Result<PriceList, Failure> {
    let Some(file) = file else { return Ok(PriceList::embedded()) };
    PriceList::parse(&read(file)?).with_context(|| file.display().to_string()).or_exit(Exit::Usage)
}

/// The preset, then the file, then the single changes.
fn assumptions(args: &Cost) -> Result<Assumptions, Failure> {
    let mut assumptions = args.preset.assumptions();
    if let Some(file) = &args.scenario {
        overlay(&mut assumptions, &read(file)?).with_context(|| file.display().to_string()).or_exit(Exit::Usage)?;
    }
    for text in &args.changes {
        change(&mut assumptions, text).context("--set").or_exit(Exit::Usage)?;
    }
    Ok(assumptions)
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display())).or_exit(Exit::Usage)
}
