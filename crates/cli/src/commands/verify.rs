//! `outhaul verify`: an archive against its manifest, down to the last bit.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use encoder::verify::{Report as Verified, VerifyLimits, verify_csv, verify_set, verify_zip};
use serde::Serialize;

use crate::args;
use crate::exit::{Exit, Failure, OrExit};
use crate::report::{Report, count};

#[derive(Serialize)]
struct Output {
    ok: bool,
    rows: u64,
    files: u64,
    differences: Vec<String>,
}

/// Checks the files, and that together they are a whole export.
pub fn run(args: &args::Verify, report: &Report) -> Result<Exit, Failure> {
    let whole = verify(&args.files)?;
    let differences = whole.differences.iter().map(ToString::to_string).collect();
    let output = Output { ok: whole.ok, rows: whole.rows, files: whole.files, differences };
    report.result(&output, || in_words(&output));
    Ok(if whole.ok { Exit::Done } else { Exit::Unverified })
}

/// What a check of all volumes of an export finds.
pub fn verify(paths: &[PathBuf]) -> Result<Verified, Failure> {
    // One volume of several is whole in itself; only several together can be incomplete.
    if let [path] = paths {
        return verify_file(path);
    }
    let files = paths.iter().map(|path| Ok((path.display().to_string(), verify_file(path)?)));
    Ok(verify_set(&files.collect::<Result<Vec<_>, Failure>>()?))
}

fn verify_file(path: &Path) -> Result<Verified, Failure> {
    let limits = VerifyLimits::default();
    if path.is_dir() {
        return Err(Failure::usage(format!("{} is a folder, not a file", path.display())));
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display())).or_exit(Exit::NotFound)?;
    let reading = || format!("cannot read {}", path.display());
    match manifest_beside(path).filter(|_| !is_zip(path)) {
        Some(manifest) => {
            let manifest = File::open(&manifest).with_context(|| format!("cannot open {}", manifest.display()))?;
            let mut text = Vec::new();
            manifest.take(limits.manifest_bytes + 1).read_to_end(&mut text).with_context(reading)?;
            Ok(verify_csv(file, &text, &limits).with_context(reading)?)
        }
        None if is_csv(path) => {
            let missing = anyhow!("{} has no manifest beside it, {0}.manifest.json", path.display());
            Err(Failure::new(Exit::NotFound, missing))
        }
        None => Ok(verify_zip(file, &limits).with_context(reading)?),
    }
}

fn manifest_beside(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(".manifest.json");
    let manifest = path.with_file_name(name);
    manifest.exists().then_some(manifest)
}

fn is_csv(path: &Path) -> bool {
    name_of(path).ends_with(".csv") || name_of(path).ends_with(".csv.gz")
}

fn is_zip(path: &Path) -> bool {
    name_of(path).ends_with(".zip")
}

fn name_of(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn in_words(output: &Output) -> String {
    let found = format!("{} in {}", count(output.rows, "row", "rows"), count(output.files, "file", "files"));
    match output.ok {
        true => format!("ok: {found}, every byte as the manifest says"),
        false => format!("NOT ok: {found}\n  {}", output.differences.join("\n  ")),
    }
}
