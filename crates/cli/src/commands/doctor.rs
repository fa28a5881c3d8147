//! `outhaul doctor`: whether everything that the embedded mode needs is in order.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use artifacts::Artifacts;
use serde::Serialize;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::{Report, size};
use crate::wiring::Embedded;

#[derive(Serialize)]
struct Output {
    ok: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    found: String,
}

/// Below this much free space an export of any size is likely to fail (bytes).
const FREE_BYTES_WANTED: u64 = 1 << 30;

/// Looks at everything once.
pub async fn run(config: &Config, report: &Report) -> Result<Exit, Failure> {
    let embedded = Embedded::open(config).await?;
    let checks = vec![
        Check { name: "data folder", ok: true, found: embedded.folder.display().to_string() },
        permissions(&embedded),
        free_space(&embedded),
        outcome("job store", embedded.jobs.ping().await.map(|()| "answers".to_owned())),
        outcome("directory", embedded.directory.organisations(None, 1).await.map(|_| "answers".to_owned())),
        outcome("lake", embedded.lake.current_snapshot().await.map(|id| format!("snapshot {id}"))),
        outcome("artifacts", embedded.artifacts.ping().await.map(|()| "can be written".to_owned())),
        Check { name: "worker", ok: true, found: format!("{} steps at a time", config.worker.slots()) },
    ];
    let output = Output { ok: checks.iter().all(|check| check.ok), checks };
    report.result(&output, || output.in_words());
    Ok(if output.ok { Exit::Done } else { Exit::Unavailable })
}

fn outcome<E: std::error::Error>(name: &'static str, result: Result<String, E>) -> Check {
    match result {
        Ok(found) => Check { name, ok: true, found },
        Err(error) => Check { name, ok: false, found: worker::message(&error) },
    }
}

fn permissions(embedded: &Embedded) -> Check {
    let mode = fs::metadata(&embedded.folder).map(|found| found.permissions().mode() & 0o777);
    match mode {
        Ok(mode) => Check { name: "permissions", ok: mode & 0o077 == 0, found: format!("{mode:04o}") },
        Err(error) => Check { name: "permissions", ok: false, found: error.to_string() },
    }
}

fn free_space(embedded: &Embedded) -> Check {
    match rustix::fs::statvfs(&embedded.folder) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            Check { name: "free space", ok: free >= FREE_BYTES_WANTED, found: size(free) }
        }
        Err(error) => Check { name: "free space", ok: false, found: error.to_string() },
    }
}

impl Output {
    fn in_words(&self) -> String {
        let line =
            |check: &Check| format!("{:8} {:12} {}", if check.ok { "ok" } else { "NOT OK" }, check.name, check.found);
        self.checks.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
