//! The work of an ingest before its commit: one input becomes sorted data files in a staging folder.

use std::path::{Path, PathBuf};

use domain::ids::Slug;

use super::line::LineParser;
use super::lines::{Line, Lines};
use super::parquet_rows::{ParquetRows, RowParser};
use super::partitions::Partitions;
use super::sort::Sorter;
use super::source::{Opened, hash_file};
use super::validate::Fault;
use super::{Input, InputLimits, Refused, SortLimits};
use crate::error::LakeError;
use crate::file::WrittenFile;
use crate::parquet::WriteLimits;
use crate::rows::MessageRow;

/// How an input is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestOptions {
    /// What makes the batch the same batch; the BLAKE3 of the input's bytes, as they lie, if not given.
    pub batch_key: Option<String>,
    /// Take the lines that are fine. Otherwise one refused line refuses the input.
    pub skip_refused: bool,
    /// How many refused lines are listed; all are counted.
    pub refused_limit: usize,
    /// Limits of the input.
    pub input: InputLimits,
    /// Limits of sorting.
    pub sort: SortLimits,
    /// How data files are cut.
    pub write: WriteLimits,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            batch_key: None,
            skip_refused: false,
            refused_limit: 1000,
            input: InputLimits::default(),
            sort: SortLimits::default(),
            write: WriteLimits::default(),
        }
    }
}

/// What an input became.
#[derive(Debug)]
pub struct Staged {
    /// The key given, or BLAKE3 of the input's bytes in lower-case hex.
    pub batch_key: String,
    /// Rows in the files.
    pub accepted: u64,
    /// The first refused lines, in their order.
    pub refused: Vec<Refused>,
    /// All refused lines.
    pub refused_count: u64,
    /// Complete, synced files in the folder, by day; none if the input is refused.
    pub files: Vec<WrittenFile>,
}

/// Reads a whole input and writes its rows, sorted, into data files in `folder`. Blocks.
///
/// Each line is looked at even after a refused one, so that all faults are told at once.
///
/// # Errors
/// [`LakeError::Input`] if the input cannot be read to its end, whatever lines were fine before.
pub fn stage(organisation: &Slug, input: Input, folder: &Path, options: &IngestOptions) -> Result<Staged, LakeError> {
    take(organisation, input, folder, options)?.write()
}

/// An input that was read and sorted, of which nothing is written but runs.
pub(crate) struct Taken {
    /// The key given, or BLAKE3 of the input's bytes in lower-case hex.
    pub batch_key: String,
    /// The first refused lines, in their order.
    pub refused: Vec<Refused>,
    /// All refused lines.
    pub refused_count: u64,
    organisation: Slug,
    folder: PathBuf,
    limits: WriteLimits,
    sorter: Option<Sorter>,
    accepted: u64,
}

/// The first half of [`stage`], after which the key is known.
pub(crate) fn take(
    organisation: &Slug,
    input: Input,
    folder: &Path,
    options: &IngestOptions,
) -> Result<Taken, LakeError> {
    let mut taker = Taker::new(folder, options);
    let hash = match input.open(&options.input)? {
        Opened::Lines(source) => taker.take_lines(organisation, Lines::new(source, options.input.line_bytes))?,
        Opened::Parquet(mut file) => {
            let hash = hash_file(&mut file, &options.input)?;
            taker.take_parquet(organisation, ParquetRows::open(file)?)?;
            hash
        }
    };
    Ok(Taken {
        batch_key: options.batch_key.clone().unwrap_or(hash),
        refused: taker.refused,
        refused_count: taker.refused_count,
        organisation: organisation.clone(),
        folder: folder.to_owned(),
        limits: options.write,
        sorter: taker.sorter,
        accepted: taker.accepted,
    })
}

impl Taken {
    /// The second half: data files, complete and synced.
    pub fn write(self) -> Result<Staged, LakeError> {
        let Self { batch_key, refused, refused_count, organisation, folder, limits, sorter, accepted } = self;
        let mut partitions = Partitions::new(&folder, &organisation, limits);
        if let Some(sorter) = sorter {
            for batch in sorter.finish()? {
                partitions.write(&batch?)?;
            }
        }
        Ok(Staged { batch_key, accepted, refused, refused_count, files: partitions.finish()? })
    }
}

/// Rows so far. Without its sorter it only looks for further faults.
struct Taker<'a> {
    options: &'a IngestOptions,
    sorter: Option<Sorter>,
    accepted: u64,
    refused: Vec<Refused>,
    refused_count: u64,
}

impl<'a> Taker<'a> {
    fn new(folder: &Path, options: &'a IngestOptions) -> Self {
        let sorter = Some(Sorter::new(folder, options.sort));
        Self { options, sorter, accepted: 0, refused: Vec::new(), refused_count: 0 }
    }

    /// Takes all lines and returns the hash of the input.
    fn take_lines(&mut self, organisation: &Slug, mut lines: Lines) -> Result<String, LakeError> {
        let limits = self.options.input;
        let mut parser = LineParser::new(organisation.clone(), limits);
        while let Some((number, line)) = lines.next()? {
            let parsed = match line {
                Line::Whole(line) => parser.parse(line),
                Line::TooLong => Err(Fault::of_line(format!("is longer than {} bytes", limits.line_bytes))),
            };
            match parsed {
                Ok(message) => self.accept(&message.row())?,
                Err(fault) => self.refuse(fault, number),
            }
        }
        Ok(lines.into_source().blake3_hex())
    }

    fn take_parquet(&mut self, organisation: &Slug, mut rows: ParquetRows) -> Result<(), LakeError> {
        let mut parser = RowParser::new(organisation.clone(), self.options.input);
        let mut number = 0;
        while let Some(batch) = rows.next()? {
            for row in 0..batch.rows() {
                number += 1;
                match parser.parse(&batch, row, |message| self.accept(message)) {
                    Ok(accepted) => accepted?,
                    Err(fault) => self.refuse(fault, number),
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, row: &MessageRow<'_>) -> Result<(), LakeError> {
        let Some(sorter) = &mut self.sorter else { return Ok(()) };
        self.accepted += 1;
        sorter.push(row)
    }

    fn refuse(&mut self, fault: Fault, line: u64) {
        self.refused_count += 1;
        if self.refused.len() < self.options.refused_limit {
            self.refused.push(fault.at(line));
        }
        if !self.options.skip_refused {
            // Nothing will be written: let go of what was sorted so far.
            self.sorter = None;
            self.accepted = 0;
        }
    }
}
