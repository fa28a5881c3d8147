//! Handing a finished export out, and saying what it is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use artifacts::ObjectName;
use domain::export::{ArchiveFile, Export};
use domain::request::Format;
use serde::Serialize;
use worker::{manifest_name, with_volume};

use crate::exit::Failure;
use crate::report::{count, size};
use crate::wiring::Installation;

/// Where the file goes.
pub struct Target {
    output: PathBuf,
    format: Format,
    force: bool,
}

impl Target {
    /// Refuses what is there already, before any work is done.
    pub fn new(output: &Path, format: Format, force: bool) -> Result<Self, Failure> {
        let target = Self { output: output.to_owned(), format, force };
        if output.file_name().is_none() || output.is_dir() {
            return Err(Failure::usage(format!("{} is not a file name", output.display())));
        }
        let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(Failure::usage(format!("folder {} is not there", folder.display())));
        }
        if output.to_str().is_none() {
            return Err(Failure::usage(format!("{} is not a name in UTF-8", output.display())));
        }
        target.refuse_existing(&[output.to_owned(), target.path(Some(1))])?;
        Ok(target)
    }

    /// Refuses what is there, and even with `--force` what is no plain file: a device or a folder is never replaced.
    fn refuse_existing(&self, paths: &[PathBuf]) -> Result<(), Failure> {
        for path in paths {
            self.refuse_one(path)?;
            if self.format != Format::Zip {
                self.refuse_one(&manifest_beside(path))?;
            }
        }
        Ok(())
    }

    fn refuse_one(&self, path: &Path) -> Result<(), Failure> {
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(Failure::usage(format!("{} is not a plain file", path.display())));
        }
        if !self.force && path.symlink_metadata().is_ok() {
            return Err(Failure::usage(format!("{} is there already; --force replaces it", path.display())));
        }
        Ok(())
    }

    /// `q.zip`, or `q.001.zip` for a volume.
    fn path(&self, volume: Option<u32>) -> PathBuf {
        let name = self.output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let extension = self.format.extension();
        match name.strip_suffix(extension) {
            Some(stem) => self.output.with_file_name(with_volume(stem, extension, volume)),
            None => self.output.with_file_name(with_volume(&name, "", volume)),
        }
    }

    /// Where so many files go; refuses what is there already.
    pub fn outputs(&self, files: usize) -> Result<Vec<PathBuf>, Failure> {
        let outputs: Vec<_> = (1..).take(files).map(|number| self.path((files > 1).then_some(number))).collect();
        self.refuse_existing(&outputs)?;
        Ok(outputs)
    }

    /// Copies every file, with the manifest of a csv beside it; each appears whole or not at all.
    pub async fn hand_out(
        &self,
        installation: &Installation,
        export: &Export,
        files: &[ArchiveFile],
    ) -> Result<Vec<PathBuf>, Failure> {
        let outputs = self.outputs(files.len())?;
        for (file, path) in files.iter().zip(&outputs) {
            if self.format != Format::Zip {
                let beside = manifest_beside(path);
                self.copy(installation, export, &manifest_name(&file.name), None, &beside).await?;
            }
            self.copy(installation, export, &file.name, Some(file.crc64nvme), path).await?;
        }
        self.remove_stale(&outputs)?;
        Ok(outputs)
    }

    /// With `--force`: what an earlier export left under the names that this one did not take. Old volumes beside a new
    /// file, or more of them than there are now, would be taken for parts of it.
    fn remove_stale(&self, outputs: &[PathBuf]) -> Result<(), Failure> {
        let volumes = (1..).map(|number| self.path(Some(number))).take_while(|path| path.symlink_metadata().is_ok());
        for path in std::iter::once(self.path(None)).chain(volumes).filter(|path| self.force && !outputs.contains(path))
        {
            for stale in [manifest_beside(&path), path].iter().filter(|stale| stale.is_file()) {
                fs::remove_file(stale).with_context(|| format!("cannot remove {}", stale.display()))?;
            }
        }
        Ok(())
    }

    async fn copy(
        &self,
        installation: &Installation,
        export: &Export,
        name: &str,
        crc64nvme: Option<u64>,
        to: &Path,
    ) -> Result<(), Failure> {
        let object = ObjectName::archive(&export.owner, export.id, name)?;
        let writing = || format!("cannot write {}", to.display());
        installation.artifacts.copy_to(&object, to, crc64nvme).await.with_context(writing)?;
        Ok(())
    }
}

fn manifest_beside(path: &Path) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(".manifest.json");
    path.with_file_name(name)
}

/// The result of an export.
#[derive(Serialize)]
pub struct Output {
    pub(super) export_id: String,
    pub(super) state: &'static str,
    pub(super) rows: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) outputs: Vec<PathBuf>,
    /// Of the file; of several volumes, one behind the other.
    pub(super) crc64nvme: Vec1,
    pub(super) manifest_blake3: Vec1,
    pub(super) reused_parts: u32,
    pub(super) built_parts: u32,
    /// Rows that the encoder of this process saw.
    pub(super) encoded_rows: u64,
    pub(super) seconds: f64,
}

/// One text for one file, a list for volumes.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Vec1 {
    One(String),
    Many(Vec<String>),
}

impl Vec1 {
    pub(super) fn of(mut texts: Vec<String>) -> Self {
        if texts.len() == 1 { Self::One(texts.remove(0)) } else { Self::Many(texts) }
    }
}

impl Output {
    /// What came of a finished export.
    pub fn new(export: &Export, files: &[ArchiveFile], outputs: Vec<PathBuf>, encoded_rows: u64, seconds: f64) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self {
            export_id: export.id.to_string(),
            state: export.state.name(),
            rows: files.iter().map(|file| file.rows).sum(),
            files: files.iter().map(|file| file.files).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            outputs,
            crc64nvme: Vec1::of(files.iter().map(|file| format!("{:016x}", file.crc64nvme)).collect()),
            manifest_blake3: Vec1::of(files.iter().map(|file| hex(&file.manifest_blake3)).collect()),
            reused_parts: export.reused_parts,
            built_parts: export.built_parts,
            encoded_rows,
            seconds: rounded(seconds),
        }
    }

    /// For humans.
    pub fn in_words(&self) -> String {
        let paths: Vec<_> = self.outputs.iter().map(|path| path.display().to_string()).collect();
        format!(
            "{} in {} ({}) -> {}\n{} built, {} reused, {:.1} s",
            count(self.rows, "row", "rows"),
            count(self.files, "file", "files"),
            size(self.bytes),
            paths.join(", "),
            count(self.built_parts.into(), "part", "parts"),
            self.reused_parts,
            self.seconds
        )
    }
}

/// Seconds to the millisecond.
pub(super) fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
