//! `outhaul doctor`: whether everything that this installation needs is in order.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use domain::finding::{Finding, Verdict};
use serde::Serialize;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::folder;
use crate::report::{Report, size};
use crate::system;
use crate::wiring::{Engines, Installation};

#[derive(Serialize)]
struct Output {
    ok: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// It works, but somebody should look at it.
    warning: bool,
    found: String,
}

/// Below this much free space an export of any size is likely to fail (bytes).
const FREE_BYTES_WANTED: u64 = 1 << 30;

/// Looks at everything once: at the engines first, then at what is of this machine, then at what stands on both.
pub async fn run(config: &Config, report: &Report) -> Result<Exit, Failure> {
    let (clock, random) = (system::clock(), system::random());
    let engines = Engines::of(config, &clock, &random).await?;
    let mut findings = engines.check(clock.as_ref()).await;
    let folder = folder::make(&config.storage.data)?;
    findings.extend([
        Finding::ok("data folder", folder.display().to_string()),
        permissions(&folder),
        free_space(&folder),
        Finding::ok("worker", format!("{} steps at a time", config.worker.slots())),
    ]);
    match Installation::open(config).await {
        Ok(installation) => findings.extend(stores(&installation).await),
        Err(failure) => findings.push(Finding::fail("stores", format!("{:#}", failure.error))),
    }
    // One server may stand behind several ports, and says the same of itself to each.
    let mut checks: Vec<Check> = Vec::new();
    for finding in findings {
        if !checks.iter().any(|known| known.name == finding.what && known.found == finding.text) {
            checks.push(finding.into());
        }
    }
    let output = Output { ok: checks.iter().all(|check| check.ok), checks };
    report.result(&output, || output.in_words());
    Ok(if output.ok { Exit::Done } else { Exit::Unavailable })
}

async fn stores(installation: &Installation) -> [Finding; 4] {
    [
        outcome("job store", installation.jobs.ping().await.map(|()| "answers".to_owned())),
        outcome("directory", installation.directory.organisations(None, 1).await.map(|_| "answers".to_owned())),
        outcome("lake", installation.lake.current_snapshot().await.map(|id| format!("snapshot {id}"))),
        outcome("artifacts", installation.artifacts.ping().await.map(|()| "can be written".to_owned())),
    ]
}

fn outcome<E: std::error::Error>(name: &'static str, result: Result<String, E>) -> Finding {
    match result {
        Ok(found) => Finding::ok(name, found),
        Err(error) => Finding::fail(name, worker::message(&error)),
    }
}

fn permissions(folder: &Path) -> Finding {
    match fs::metadata(folder).map(|found| found.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 == 0 => Finding::ok("permissions", format!("{mode:04o}")),
        Ok(mode) => Finding::fail("permissions", format!("{mode:04o}: others may look into it")),
        Err(error) => Finding::fail("permissions", error.to_string()),
    }
}

fn free_space(folder: &Path) -> Finding {
    match rustix::fs::statvfs(folder).map(|found| found.f_bavail.saturating_mul(found.f_frsize)) {
        Ok(free) if free >= FREE_BYTES_WANTED => Finding::ok("free space", size(free)),
        Ok(free) => Finding::fail("free space", format!("{}, less than {}", size(free), size(FREE_BYTES_WANTED))),
        Err(error) => Finding::fail("free space", error.to_string()),
    }
}

impl From<Finding> for Check {
    fn from(finding: Finding) -> Self {
        let Finding { what, verdict, text } = finding;
        Self { name: what, ok: verdict != Verdict::Fail, warning: verdict == Verdict::Warn, found: text }
    }
}

impl Check {
    fn mark(&self) -> &'static str {
        match (self.ok, self.warning) {
            (false, _) => "NOT OK",
            (true, true) => "warning",
            (true, false) => "ok",
        }
    }
}

impl Output {
    fn in_words(&self) -> String {
        let line = |check: &Check| format!("{:8} {:27} {}", check.mark(), check.name, check.found);
        self.checks.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
