//! The encoder of a part: entries one after another, rows in any batches, memory flat.

use std::io;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use thiserror::Error;

use super::hashing::OpenEntry;
use super::whole::Whole;
use super::{Container, EntrySummary, Output, PartSummary};
use crate::csv::{self, CsvEncoder, EncodeError, Profile};
use crate::deflate::Deflater;
use crate::name::{BadName, HEADER_NAME, MANIFEST_NAME, check_name};
use crate::zip::{DirectoryBuilder, local_header_bytes};
use crc64::Crc64;

/// What a part is to be.
#[derive(Clone, Debug)]
pub struct PartOptions {
    /// How the rows are wrapped.
    pub container: Container,
    /// The columns of every batch, in the order in which they are written.
    pub schema: SchemaRef,
    /// CSV profile.
    pub profile: Profile,
    /// Whether each entry gets a SHA-256 beside its BLAKE3.
    pub sha256: bool,
}

/// Writes one part. It is complete only through [`PartEncoder::finish`]; after an error it can only be dropped.
pub struct PartEncoder<O: Output> {
    container: Container,
    sha256: bool,
    csv: CsvEncoder,
    header: Vec<u8>,
    deflater: Deflater,
    output: Whole<O>,
    position: u64,
    open: Option<OpenEntry>,
    entries: Vec<EntrySummary>,
    broken: bool,
}

/// Why a part could not be written.
#[derive(Debug, Error)]
pub enum PartError {
    /// The rows cannot be written as CSV.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The output failed.
    #[error("the output of the part failed")]
    Output(#[from] io::Error),
    /// The name is not fit for an entry.
    #[error(transparent)]
    Name(#[from] BadName),
    /// Names must rise, and `manifest.json` and `header.csv` are taken.
    #[error("the entry's name is reserved or does not come after the one before it")]
    NameOrder,
    /// Rows or an end without an entry, an entry within an entry, or a raw or gzip part without exactly one piece.
    #[error("the calls of a part came in an order that it does not have")]
    CallOrder,
}

impl PartError {
    /// Whether the same part may succeed when it is written again: only where the output failed.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Output(_))
    }
}

impl<O: Output> PartEncoder<O> {
    /// A part that is written to `output`, which must be empty.
    pub fn new(options: PartOptions, output: O) -> Result<Self, PartError> {
        let csv = CsvEncoder::new(&options.schema, options.profile)?;
        // The header line of raw and gzip is a piece of its own.
        let header = if options.container == Container::Zip { csv.header() } else { Vec::new() };
        Ok(Self {
            container: options.container,
            sha256: options.sha256,
            csv,
            header,
            deflater: Deflater::default(),
            // A lone piece is the whole file, and its hash that of its stored bytes.
            output: Whole::new(output, options.container == Container::Zip),
            position: 0,
            open: None,
            entries: Vec::new(),
            broken: false,
        })
    }

    /// Opens the next entry. Names rise bytewise; a raw or gzip part takes exactly one.
    pub fn begin_entry(&mut self, name: &str) -> Result<(), PartError> {
        check_name(name)?;
        if self.broken || self.open.is_some() || (self.container != Container::Zip && !self.entries.is_empty()) {
            return Err(PartError::CallOrder);
        }
        let rises = self.entries.last().is_none_or(|last| last.name.as_str() < name);
        if !rises || name == MANIFEST_NAME || name == HEADER_NAME {
            return Err(PartError::NameOrder);
        }
        self.begin(name)
    }

    /// Adds rows to the open entry.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), PartError> {
        let Some(entry) = self.open.as_mut().filter(|_| !self.broken) else {
            return Err(PartError::CallOrder);
        };
        self.broken = true;
        let (container, deflater, output) = (self.container, &mut self.deflater, &mut self.output);
        self.csv
            .encode_pieces(batch, |text| entry.write(text, container, deflater, output).map_err(PartError::Output))?;
        entry.rows += batch.num_rows() as u64;
        self.broken = false;
        Ok(())
    }

    /// Ends the open entry: its header is final from here on.
    pub fn end_entry(&mut self) -> Result<(), PartError> {
        let Some(entry) = self.open.take().filter(|_| !self.broken) else {
            return Err(PartError::CallOrder);
        };
        self.broken = true;
        let summary = entry.end(self.container, &mut self.deflater, &mut self.output)?;
        self.position += summary.stored_bytes();
        self.entries.push(summary);
        self.broken = false;
        Ok(())
    }

    /// Rows encoded so far.
    pub fn rows_encoded(&self) -> u64 {
        self.csv.rows_encoded()
    }

    /// Ends the part: a zip gets its central directory.
    pub fn finish(mut self) -> Result<(PartSummary, O), PartError> {
        let complete = self.container == Container::Zip || self.entries.len() == 1;
        if self.broken || self.open.is_some() || !complete {
            return Err(PartError::CallOrder);
        }
        let data_crc64nvme = self.entries.iter().fold(Crc64::EMPTY, |crc, entry| crc.join(entry.crc64nvme));
        let tail = if self.container == Container::Zip { self.directory()? } else { Vec::new() };
        self.output.append(&tail)?;
        let (output, blake3) = self.output.finish();
        let blake3 =
            blake3.or(self.entries.first().map(|piece| piece.compressed_blake3)).ok_or(PartError::CallOrder)?;
        let summary = PartSummary {
            container: self.container,
            entries: self.entries,
            data_bytes: self.position,
            total_bytes: self.position + tail.len() as u64,
            data_crc64nvme,
            crc64nvme: data_crc64nvme.join(Crc64::of(&tail)),
            blake3,
            rows_encoded: self.csv.rows_encoded(),
            escaped_cells: self.csv.escaped_cells(),
        };
        Ok((summary, output))
    }

    fn begin(&mut self, name: &str) -> Result<(), PartError> {
        self.broken = true;
        if self.container == Container::Zip {
            self.output.will_patch(self.position..self.position + local_header_bytes(name))?;
        }
        let mut entry =
            OpenEntry::begin(name.to_owned(), self.container, self.sha256, self.position, &mut self.output)?;
        if !self.header.is_empty() {
            entry.write(&self.header, self.container, &mut self.deflater, &mut self.output)?;
        }
        self.open = Some(entry);
        self.broken = false;
        Ok(())
    }

    fn directory(&self) -> io::Result<Vec<u8>> {
        let mut builder = DirectoryBuilder::new(Vec::new(), self.position);
        for entry in &self.entries {
            builder.add(&entry.directory_entry(entry.header_offset))?;
        }
        Ok(builder.finish()?.0)
    }
}

/// The first piece of a `csv` (raw) or `csv.gz` (gzip): the header line, called `header.csv`.
pub fn header_piece(
    columns: &[&str],
    profile: Profile,
    container: Container,
    sha256: bool,
) -> io::Result<(EntrySummary, Vec<u8>)> {
    let (mut bytes, mut deflater) = (Vec::new(), Deflater::default());
    let mut entry = OpenEntry::begin(HEADER_NAME.to_owned(), container, sha256, 0, &mut bytes)?;
    entry.write(&csv::header(columns, profile), container, &mut deflater, &mut bytes)?;
    Ok((entry.end(container, &mut deflater, &mut bytes)?, bytes))
}
