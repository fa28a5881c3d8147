//! The command line of `outhaul cost`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cost::scenario::Preset;

/// `outhaul cost`.
#[derive(Debug, Args)]
pub struct Cost {
    /// Assumptions to begin with: brief (2,000 organisations with 2 billion messages a day each) or small (20 with 1 million)
    #[arg(long, value_name = "PRESET", default_value = "brief")]
    pub preset: Preset,
    /// Assumptions that are other (TOML, names as `outhaul cost` lists them)
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// One assumption that is another, after those of FILE (repeat for more)
    #[arg(long = "set", value_name = "NAME=NUMBER")]
    pub changes: Vec<String>,
    /// Price list instead of the program's own (TOML)
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// text, csv (the lines of the bill), svg (a chart) or page (docs/cost.md, of both presets); with --json always JSON
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub format: Form,
    /// Print the services of AWS that an installation is made of (TOML)
    #[arg(long, conflicts_with_all = ["preset", "scenario", "changes", "prices", "format"])]
    pub services: bool,
}

/// In what form the answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Tables.
    Text,
    /// The lines of the bill.
    Csv,
    /// A chart.
    Svg,
    /// `docs/cost.md`.
    Page,
}
