//! `outhaul lake`: what lies in the table of messages, and whether it is whole.

use lake::check::CheckReport;
use lake::stats::{LakeStats, OrganisationStats};
use serde::Serialize;

use crate::args;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::{Report, count, size};
use crate::wiring::Installation;

#[derive(Serialize)]
struct Stats {
    snapshot: i64,
    snapshots: usize,
    manifests: usize,
    metadata_bytes: u64,
    pins: usize,
    organisations: Vec<Organisation>,
}

#[derive(Serialize)]
struct Organisation {
    organisation: String,
    days: usize,
    first_day: String,
    last_day: String,
    files: u64,
    rows: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Checked {
    ok: bool,
    files: usize,
    rows: u64,
    bytes: u64,
    problems: Vec<String>,
    orphans: Vec<String>,
}

/// Counts, or reads and checks, the table.
pub async fn run(config: &Config, args: args::Lake, report: &Report) -> Result<Exit, Failure> {
    let installation = Installation::open(config).await?;
    match args {
        args::Lake::Stats => {
            let stats = Stats::from(installation.lake.stats().await?);
            report.result(&stats, || stats.in_words());
            Ok(Exit::Done)
        }
        args::Lake::Check => {
            let checked = Checked::from(installation.lake.check().await?);
            report.result(&checked, || checked.in_words());
            Ok(if checked.ok { Exit::Done } else { Exit::Unverified })
        }
    }
}

impl From<LakeStats> for Stats {
    fn from(stats: LakeStats) -> Self {
        Self {
            snapshot: stats.snapshot_id,
            snapshots: stats.snapshots,
            manifests: stats.manifests,
            metadata_bytes: stats.metadata_bytes,
            pins: stats.pins,
            organisations: stats.organisations.into_iter().map(Organisation::from).collect(),
        }
    }
}

impl From<OrganisationStats> for Organisation {
    fn from(stats: OrganisationStats) -> Self {
        Self {
            organisation: stats.organisation,
            days: stats.days,
            first_day: stats.first_day.to_string(),
            last_day: stats.last_day.to_string(),
            files: stats.files,
            rows: stats.rows,
            bytes: stats.bytes,
        }
    }
}

impl Stats {
    fn in_words(&self) -> String {
        let table = format!(
            "{}, {}, {} of metadata",
            count(self.snapshots as u64, "snapshot", "snapshots"),
            count(self.manifests as u64, "manifest", "manifests"),
            size(self.metadata_bytes)
        );
        let lines = self.organisations.iter().map(|it| {
            format!(
                "{}  {}  {} with rows from {} to {}  {}  {}",
                it.organisation,
                count(it.rows, "row", "rows"),
                count(it.days as u64, "day", "days"),
                it.first_day,
                it.last_day,
                count(it.files, "file", "files"),
                size(it.bytes)
            )
        });
        lines.chain([table]).collect::<Vec<_>>().join("\n")
    }
}

impl From<CheckReport> for Checked {
    fn from(found: CheckReport) -> Self {
        let problems: Vec<_> = found.problems.iter().map(|it| format!("{}: {}", it.place, it.what)).collect();
        Self {
            ok: problems.is_empty(),
            files: found.files,
            rows: found.rows,
            bytes: found.bytes,
            problems,
            orphans: found.orphans,
        }
    }
}

impl Checked {
    fn in_words(&self) -> String {
        let read = format!(
            "{} with {} ({})",
            count(self.files as u64, "file", "files"),
            count(self.rows, "row", "rows"),
            size(self.bytes)
        );
        let orphans = self.orphans.iter().map(|path| format!("  belongs to nothing: {path}"));
        let problems = self.problems.iter().map(|problem| format!("  {problem}"));
        let verdict = if self.ok { format!("ok: {read}") } else { format!("NOT ok: {read}") };
        [verdict].into_iter().chain(problems).chain(orphans).collect::<Vec<_>>().join("\n")
    }
}
