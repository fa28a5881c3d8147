//! Checking a csv or csv.gz against the manifest beside it.

use std::io::{self, Read};

use super::data::DataChecker;
use super::{Facts, Report, VerifyLimits};
use crate::csv::header;
use crate::manifest::{Format, Manifest};
use crate::name::MANIFEST_NAME;

/// Reads the whole of `reader` and compares it with the manifest `manifest_text`, whose `format` says whether the
/// pieces are gzip members.
///
/// An error is one of the reader only; whatever is wrong with the file or the manifest stands in the report.
pub fn verify_csv(reader: impl Read, manifest_text: &[u8], limits: &VerifyLimits) -> io::Result<Report> {
    let mut report = Report::default();
    if manifest_text.len() as u64 > limits.manifest_bytes {
        report.differs(MANIFEST_NAME, format!("is longer than the limit of {} bytes", limits.manifest_bytes));
        return Ok(report.finish());
    }
    match Manifest::read(manifest_text) {
        Err(error) => report.differs(MANIFEST_NAME, error.to_string()),
        Ok(manifest) if manifest.head.format == Format::Zip => {
            report.differs(MANIFEST_NAME, "is that of a zip, and does not stand beside one");
        }
        Ok(manifest) => {
            report.facts = Some(Facts::of(&manifest));
            check_pieces(reader, &manifest, &mut report)?;
        }
    }
    Ok(report.finish())
}

fn check_pieces(reader: impl Read, manifest: &Manifest, report: &mut Report) -> io::Result<()> {
    let mut reader = io::BufReader::with_capacity(64 * 1024, reader);
    let columns: Vec<&str> = manifest.head.columns.iter().map(String::as_str).collect();
    let header = header(&columns, manifest.head.profile);
    let mut checker = DataChecker::new(manifest.head.format.container(), header, columns.len());
    for file in &manifest.files {
        let checked = checker.check(&mut reader, file)?;
        report.files += 1;
        report.rows += checked.rows;
        checked.problems.into_iter().for_each(|problem| report.differs(&file.name, problem));
        if checked.ended {
            report.differs(&file.name, "is cut off: the file ends within it");
            return Ok(());
        }
    }
    if reader.read(&mut [0])? > 0 {
        report.differs("file", "has bytes behind its last piece");
    }
    Ok(())
}
