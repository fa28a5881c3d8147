//! `cargo xtask simulate`: runs the scenarios of a fleet and prints what they come to.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde_json::Value;
use simulation::{Report, Scenario, Switches, picture};

/// Simulates a fleet of workers. Ends with 1 where a target is not reached.
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
struct Arguments {
    /// Only this scenario.
    #[arg(long)]
    only: Option<Name>,
    /// What all chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Worker processes.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    workers: u32,
    /// Steps that each runs at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    slots: u32,
    /// An nth of the segments, or of the organisations.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    nth: u32,
    /// Organisations over which "all" spreads its segments.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    organisations: u32,
    /// One claim at a time over a whole export.
    #[arg(long)]
    serial_claims: bool,
    /// A queue that keeps every wake and serves the newest first.
    #[arg(long)]
    no_turns: bool,
    /// One summary for an export, however large.
    #[arg(long)]
    one_summary: bool,
    /// Each worker sweeps.
    #[arg(long)]
    each_sweeps: bool,
    /// For programs: one JSON array.
    #[arg(long)]
    json: bool,
    /// Draws utilisation over time into this file (SVG).
    #[arg(long)]
    picture: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// One organisation has all segments.
    One,
    /// All organisations have as many together.
    All,
    /// Small exports beside the large one.
    Beside,
}

impl Name {
    const fn of(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::All => "all",
            Self::Beside => "beside",
        }
    }
}

impl Arguments {
    fn scenarios(&self) -> impl Iterator<Item = Scenario> {
        let wanted = |scenario: &Scenario| self.only.is_none_or(|only| only.of() == scenario.name);
        Scenario::all().into_iter().map(|scenario| scenario.over(self.organisations)).filter(wanted).map(|scenario| {
            let switches = Switches {
                serial_claims: self.serial_claims,
                no_turns: self.no_turns,
                one_summary: self.one_summary,
                each_sweeps: self.each_sweeps,
            };
            let (seed, workers, slots) = (self.seed, self.workers, self.slots);
            Scenario { seed, workers, slots, switches, ..scenario.shorter(self.nth) }
        })
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut reports = Vec::new();
    for scenario in arguments.scenarios() {
        let report = Report::of(scenario);
        if !arguments.json {
            println!("{report}");
        }
        reports.push(report);
    }
    if arguments.json {
        println!("{:#}", Value::Array(reports.iter().map(Report::json).collect()));
    }
    if let Some(file) = &arguments.picture {
        std::fs::write(file, picture::draw(&reports))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    let all_reached = reports.iter().flat_map(Report::targets).all(|target| target.reached);
    Ok(if all_reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
