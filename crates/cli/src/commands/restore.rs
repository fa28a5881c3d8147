//! `outhaul restore`: makes an installation whose stores were put back from backups fit for work again.

use artifacts::ObjectName;
use domain::export::{Export, State};
use domain::ids::Slug;
use domain::owner::Owner;
use serde::Serialize;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::{Report, count};
use crate::wiring::Installation;

/// Organisations and exports that are read at a time.
const PAGE: u32 = 1_000;

#[derive(Serialize)]
struct Output {
    /// The snapshot from which on nothing built before is used again.
    snapshot: i64,
    /// Logins that were ended.
    logins_ended: u64,
    /// Exports of organisations that are told to be there and have a file that is not.
    without_files: Vec<Lost>,
}

#[derive(Serialize)]
struct Lost {
    organisation: String,
    export_id: String,
}

/// Run once after backups were put back, before any server is started. May be repeated.
///
/// Backups of different stores are of different moments. What was built from a snapshot that is no more could be taken
/// for the content of a later one of the same number; logins that have ended since could begin again.
pub async fn run(config: &Config, report: &Report) -> Result<Exit, Failure> {
    let installation = Installation::open(config).await?;
    let snapshot = installation.lake.restored().await?;
    let logins_ended = installation.accounts.end_all_families().await?;
    installation.lake.sweep().await?;
    installation.artifacts.sweep().await?;
    let without_files = without_files(&installation).await?;
    let output = Output { snapshot, logins_ended, without_files };
    report.result(&output, || output.in_words());
    Ok(Exit::Done)
}

async fn without_files(installation: &Installation) -> Result<Vec<Lost>, Failure> {
    let (mut lost, mut after) = (Vec::new(), None::<Slug>);
    loop {
        let page = installation.directory.organisations(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(lost) };
        after = Some(last.slug.clone());
        for organisation in page {
            let slug = organisation.slug.to_string();
            let found = exports_without_files(installation, &Owner::Organisation(organisation.slug)).await?;
            lost.extend(found.into_iter().map(|export_id| Lost { organisation: slug.clone(), export_id }));
        }
    }
}

async fn exports_without_files(installation: &Installation, owner: &Owner) -> Result<Vec<String>, Failure> {
    let (mut lost, mut before) = (Vec::new(), None);
    loop {
        let page = installation.jobs.list(owner, before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(lost) };
        before = Some(last.id);
        for export in &page {
            if !has_its_files(installation, export).await? {
                lost.push(export.id.to_string());
            }
        }
    }
}

/// Also true of an export that need not have any.
async fn has_its_files(installation: &Installation, export: &Export) -> Result<bool, Failure> {
    let State::Succeeded { files, expires_at, .. } = &export.state else { return Ok(true) };
    if *expires_at <= installation.clock.now() {
        return Ok(true);
    }
    for file in files {
        let object = ObjectName::archive(&export.owner, export.id, &file.name)?;
        if installation.artifacts.size(&object).await? != Some(file.bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Output {
    fn in_words(&self) -> String {
        let mut lines = vec![
            format!("snapshot {}: what was built before it is not used again", self.snapshot),
            format!("{} ended", count(self.logins_ended, "login", "logins")),
        ];
        let lost = |it: &Lost| {
            format!("{}  export {}: its file is not there; ask for it again", it.organisation, it.export_id)
        };
        lines.extend(self.without_files.iter().map(lost));
        lines.push("`outhaul lake check` reads every file of the table".to_owned());
        lines.join("\n")
    }
}
