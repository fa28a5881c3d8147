//! Exports of the service: asked for, waited for, fetched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use encoder::verify::{VerifyLimits, zip_manifest};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::download::{Fetched, Wanted};
use super::{Remote, blocking};
use crate::exit::{Exit, Failure};
use crate::report::size;

/// The first wait between two looks; it grows to the last one.
const LOOK: Duration = Duration::from_millis(100);
const LAST_LOOK: Duration = Duration::from_secs(2);

/// An export as the service shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: String,
    /// How far it is.
    pub progress: Progress,
    /// What keeps it.
    pub waits_for: Option<WaitsFor>,
    /// Why it failed.
    pub failure: Option<ExportFailure>,
    /// What can be fetched.
    pub files: Vec<RemoteFile>,
}

/// How far an export is.
#[derive(Clone, Debug, Deserialize)]
pub struct Progress {
    segments: Option<u64>,
    segments_done: u64,
    bytes: u64,
}

/// What an export waits for.
#[derive(Clone, Debug, Deserialize)]
pub struct WaitsFor {
    reason: String,
}

/// Why an export failed.
#[derive(Clone, Debug, Deserialize)]
pub struct ExportFailure {
    code: String,
    message: String,
}

/// A file that can be fetched.
#[derive(Clone, Debug, Deserialize)]
pub struct RemoteFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// 16 hex digits.
    pub crc64nvme: String,
    /// 64 hex digits.
    pub manifest_blake3: String,
}

impl Remote {
    /// Asks for an export; repeated with the same key, it is the same one.
    pub async fn create_export(&self, exports: &str, request: &Value, key: &str) -> Result<Export, Failure> {
        self.call("POST", exports, Some(request), Some(key)).await?.json()
    }

    /// Waits until an export is settled.
    ///
    /// # Errors
    /// It did not succeed.
    pub async fn settled(&self, exports: &str, id: &str, bar: &ProgressBar) -> Result<Export, Failure> {
        let (path, mut wait) = (format!("{exports}/{id}"), LOOK);
        loop {
            let export: Export = self.get(&path).await?;
            export.draw(bar);
            match export.state.as_str() {
                "queued" | "running" => {}
                "succeeded" => return Ok(export),
                _ => return Err(export.failed()),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 5 / 4).min(LAST_LOOK);
        }
    }

    /// Fetches one file of an export and checks its length, its CRC and its manifest.
    pub async fn fetch_file(
        &self,
        export: &str,
        file: &RemoteFile,
        output: &Path,
        bar: &ProgressBar,
    ) -> Result<FetchedFile, Failure> {
        let crc64nvme = u64::from_str_radix(&file.crc64nvme, 16).context("a CRC-64/NVME")?;
        let wanted = Wanted {
            links: format!("{export}/links"),
            asked: json!({ "file": file.name }),
            output,
            bytes: file.bytes,
            crc64nvme,
        };
        let data = self.fetch(&wanted, bar).await?;
        let told: Told = self.get(&format!("{export}/manifest?file={}", file.name)).await?;
        let (manifest, beside) = if file.name.ends_with(".zip") {
            (manifest_inside(&data).await?, None)
        } else {
            // A JSON value ends before the line end that the file has.
            let text = format!("{}\n", told.manifest.get()).into_bytes();
            (text.clone(), Some(Fetched::of(&manifest_beside(output), &text)?))
        };
        if blake3::hash(&manifest).to_hex().as_str() != file.manifest_blake3 {
            let text = format!("{}: its manifest differs from what was told", output.display());
            return Err(Failure::new(Exit::Unverified, anyhow!(text)));
        }
        let listed: Listed = serde_json::from_slice(&manifest).context("the manifest cannot be read")?;
        let (rows, files) = (listed.rows, listed.files.len() as u64);
        let (reused_parts, built_parts) = (told.reused_parts, told.built_parts);
        Ok(FetchedFile { data, beside, rows, files, reused_parts, built_parts })
    }
}

/// A manifest, and how the export came about.
#[derive(Deserialize)]
struct Told {
    manifest: Box<RawValue>,
    reused_parts: u32,
    built_parts: u32,
}

/// What a manifest lists.
#[derive(Deserialize)]
struct Listed {
    rows: u64,
    files: Vec<IgnoredAny>,
}

/// A file and, of a csv, its manifest; whole and checked, but not yet under their names.
pub struct FetchedFile {
    data: Fetched,
    beside: Option<Fetched>,
    /// Rows by its manifest.
    pub rows: u64,
    /// Files in it.
    pub files: u64,
    /// Parts of the export that were there already.
    pub reused_parts: u32,
    /// Parts that were built.
    pub built_parts: u32,
}

impl FetchedFile {
    /// Gives both their names, the manifest first.
    pub fn put(self, force: bool) -> Result<(), Failure> {
        self.beside.map_or(Ok(()), |manifest| manifest.put(force))?;
        self.data.put(force)
    }
}

/// `FILE.manifest.json`.
fn manifest_beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".manifest.json");
    file.with_file_name(name)
}

async fn manifest_inside(zip: &Fetched) -> Result<Vec<u8>, Failure> {
    let path = zip.path().to_owned();
    let found = blocking(move || zip_manifest(std::fs::File::open(path)?, &VerifyLimits::default())).await;
    let none = || Failure::new(Exit::Unverified, anyhow!("the file is not a zip that ends with its manifest.json"));
    found?.ok_or_else(none)
}

impl Export {
    fn draw(&self, bar: &ProgressBar) {
        if let Some(segments) = self.progress.segments {
            bar.set_length(segments);
            bar.set_position(self.progress.segments_done);
        }
        bar.set_message(match &self.waits_for {
            Some(waits) if waits.reason == "place" => "waits for a place".to_owned(),
            Some(waits) if waits.reason == "retry" => "waits for a repeat".to_owned(),
            _ => size(self.progress.bytes),
        });
    }

    fn failed(&self) -> Failure {
        match &self.failure {
            Some(failure) => anyhow!("export {} failed ({}): {}", self.id, failure.code, failure.message).into(),
            None => anyhow!("export {} was {}", self.id, self.state).into(),
        }
    }
}
