//! Writing a manifest: head, files one by one, tail. What would not verify is refused here already.

use std::io::{self, Write};

use serde::Serialize;
use thiserror::Error;

use super::days::check_days;
use super::ledger::{Ledger, Unbalanced, dated};
use super::{
    DaysError, Format, MANIFEST_VERSION, ManifestFile, ManifestFilter, ManifestHead, ManifestRange, ManifestTail,
    Volume,
};
use crate::civil::Date;
use crate::hash::Hash256;
use crate::name::{BadName, HEADER_NAME, MANIFEST_NAME, check_name};

/// Writes a manifest to `out`; complete only through [`ManifestWriter::finish`].
///
/// The form is fixed for ever: compact JSON, a line for each day and file, fields always in the same order, and as
/// last field `self_blake3`, the BLAKE3 of every byte before the comma in front of it.
pub struct ManifestWriter<'a, W: Write> {
    out: W,
    written: blake3::Hasher,
    head: &'a ManifestHead,
    ledger: Ledger<'a>,
    files: u64,
    rows: u64,
    last_name: String,
}

/// Why a manifest could not be written.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The output failed.
    #[error("the output of the manifest failed")]
    Output(#[from] io::Error),
    /// A file has a name that no entry may have.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The list of days is not well made, or not that of the range.
    #[error(transparent)]
    Days(#[from] DaysError),
    /// Rows of files and days disagree.
    #[error("the rows of the files are not those of the days")]
    Rows,
    /// Anything else that does not fit together.
    #[error("{0}")]
    Inconsistent(&'static str),
}

impl ManifestError {
    /// Whether the same manifest may succeed when it is written again: only where the output failed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Output(_))
    }
}

impl From<Unbalanced> for ManifestError {
    fn from(_: Unbalanced) -> Self {
        Self::Rows
    }
}

impl<'a, W: Write> ManifestWriter<'a, W> {
    /// Writes the head.
    pub fn new(out: W, head: &'a ManifestHead) -> Result<Self, ManifestError> {
        check_head(head)?;
        let ledger = Ledger::new(&head.days);
        let last_name = String::new();
        let mut writer = Self { out, written: blake3::Hasher::new(), head, ledger, files: 0, rows: 0, last_name };
        writer.put(b"{\"version\":")?;
        writer.value(&MANIFEST_VERSION)?;
        writer.field("dataset", &head.dataset)?;
        writer.optional("organisation", head.organisation.as_ref())?;
        if let Some(range) = &head.range {
            writer.range(range)?;
        }
        writer.field("format", &head.format)?;
        writer.field("profile", &head.profile)?;
        writer.field("columns", &head.columns)?;
        writer.field("filter", &head.filter)?;
        writer.put(b",\n\"days\":[")?;
        for (number, day) in head.days.iter().enumerate() {
            writer.put(if number == 0 { b"\n" } else { b",\n" })?;
            writer.value(day)?;
        }
        writer.put(if head.days.is_empty() { b"],\n\"files\":[" } else { b"\n],\n\"files\":[" })?;
        Ok(writer)
    }

    /// Writes the next file.
    pub fn file(&mut self, file: &ManifestFile) -> Result<(), ManifestError> {
        self.check_file(file)?;
        self.put(if self.files == 0 { b"\n" } else { b",\n" })?;
        self.value(file)?;
        self.files += 1;
        self.rows = self.rows.checked_add(file.rows).ok_or(ManifestError::Rows)?;
        self.last_name.clone_from(&file.name);
        Ok(())
    }

    /// Writes the counters and ends the manifest.
    pub fn finish(mut self, tail: &ManifestTail) -> Result<W, ManifestError> {
        if self.head.format != Format::Zip && self.files == 0 {
            return Err(ManifestError::Inconsistent("a csv begins with the piece header.csv"));
        }
        check_volume(self.head, tail.volume)?;
        self.put(if self.files == 0 { b"]" } else { b"\n]" })?;
        self.put(b",\n\"rows\":")?;
        self.value(&self.rows.clone())?;
        self.field("exact_repeats", &tail.exact_repeats)?;
        self.field("refused_by_filter", &tail.refused_by_filter)?;
        self.field("escaped_cells", &tail.escaped_cells)?;
        if let Some(Volume { volume, volumes }) = &tail.volume {
            self.field("volume", volume)?;
            self.field("volumes", volumes)?;
        }
        let own_hash = Hash256::from(self.written.finalize());
        self.put(b",\n\"self_blake3\":")?;
        self.value(&own_hash)?;
        self.put(b"}\n")?;
        if self.head.range.is_some() {
            self.ledger.finish()?;
        }
        Ok(self.out)
    }

    fn range(&mut self, range: &ManifestRange) -> io::Result<()> {
        self.field("from", &range.from)?;
        self.field("to", &range.to)?;
        self.field("time_zone", &range.time_zone)?;
        self.field("first_instant", &range.first_instant)?;
        self.field("end_instant", &range.end_instant)
    }

    fn check_file(&mut self, file: &ManifestFile) -> Result<(), ManifestError> {
        check_name(&file.name)?;
        if self.head.format != Format::Zip && self.files == 0 {
            return check_header_piece(file);
        }
        if file.rows == 0 {
            return Err(ManifestError::Inconsistent("a file without rows is not written"));
        }
        // The piece of the header line stands outside the order.
        let first = self.files == u64::from(self.head.format != Format::Zip);
        let reserved = file.name == MANIFEST_NAME || file.name == HEADER_NAME;
        if reserved || (!first && file.name <= self.last_name) {
            return Err(ManifestError::Inconsistent("names of files must rise"));
        }
        if self.head.format == Format::Csv && file.bytes != file.compressed_bytes {
            return Err(ManifestError::Inconsistent("a piece of a csv is stored as it is"));
        }
        if self.head.range.is_some() {
            let days = match dated(&self.head.dataset, &file.name) {
                Some(days) => days,
                None if self.head.format == Format::Zip => {
                    return Err(ManifestError::Inconsistent("an entry of a dataset with days is named by its day"));
                }
                None => (Date::MIN, Date::MAX),
            };
            self.ledger.book(days.0, days.1, file.rows)?;
        }
        Ok(())
    }

    fn optional<T: Serialize>(&mut self, name: &str, value: Option<&T>) -> io::Result<()> {
        value.map_or(Ok(()), |value| self.field(name, value))
    }

    /// `,"name":value`; names need no escapes.
    fn field<T: Serialize>(&mut self, name: &str, value: &T) -> io::Result<()> {
        self.put(b",\"")?;
        self.put(name.as_bytes())?;
        self.put(b"\":")?;
        self.value(value)
    }

    fn value<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let text = serde_json::to_vec(value)?;
        self.put(&text)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written.update(bytes);
        self.out.write_all(bytes)
    }
}

fn check_header_piece(file: &ManifestFile) -> Result<(), ManifestError> {
    if file.name == HEADER_NAME && file.rows == 0 {
        Ok(())
    } else {
        Err(ManifestError::Inconsistent("a csv begins with the piece header.csv"))
    }
}

fn check_head(head: &ManifestHead) -> Result<(), ManifestError> {
    if head.columns.is_empty() {
        return Err(ManifestError::Inconsistent("there are no columns"));
    }
    if let Some(ManifestFilter { channels, senders }) = &head.filter {
        let rises = |list: &Option<Vec<String>>| list.iter().all(|list| list.is_sorted_by(|left, right| left < right));
        if (channels.is_none() && senders.is_none()) || !rises(channels) || !rises(senders) {
            return Err(ManifestError::Inconsistent("a filter is sorted and unique, or null"));
        }
    }
    match &head.range {
        None if head.days.is_empty() => Ok(()),
        None => Err(ManifestError::Days(DaysError)),
        Some(range) => {
            check_days(&head.days)?;
            let inside = head.days.iter().all(|day| range.from <= day.first() && day.last() <= range.to);
            if inside { Ok(()) } else { Err(ManifestError::Days(DaysError)) }
        }
    }
}

/// A file that is no volume has all days of its range; the first and the last volume have its first and last day.
fn check_volume(head: &ManifestHead, volume: Option<Volume>) -> Result<(), ManifestError> {
    let Volume { volume, volumes } = volume.unwrap_or(Volume { volume: 1, volumes: 1 });
    if volume == 0 || volume > volumes {
        return Err(ManifestError::Inconsistent("a volume is counted from 1 to volumes"));
    }
    let (Some(range), Some(first), Some(last)) = (&head.range, head.days.first(), head.days.last()) else {
        return Ok(());
    };
    let begins = volume > 1 || first.first() == range.from;
    let ends = volume < volumes || last.last() == range.to;
    if begins && ends { Ok(()) } else { Err(ManifestError::Days(DaysError)) }
}
