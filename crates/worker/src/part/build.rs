//! Building a part: rows of one slice through the encoder, one entry per local day where the format has entries.

use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_schema::{ArrowError, Schema};
use domain::calendar::Zone;
use domain::request::{Profile, Request};
use domain::time::{Day, Micros};
use domain::windows::Slice;
use encoder::part::{Container, Output, PartEncoder, PartError, PartOptions};
use lake::LakeError;
use lake::read::ReadRequest;
use lake::schema::message_schema;
use thiserror::Error;

use crate::lanes::Reader;
use crate::progress::Progress;
use parts::names::entry_name;
use parts::{DayCount, PartRecord, SentAt};

/// Why a part was not built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The rows could not be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The part could not be written.
    #[error(transparent)]
    Part(#[from] PartError),
    /// Columns could not be chosen from a batch.
    #[error("a batch of rows does not have the columns of the dataset")]
    Columns(#[from] ArrowError),
    /// The worker stops, or lost the step.
    #[error("stopped")]
    Stopped,
}

impl BuildError {
    /// Whether another attempt may succeed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Lake(error) => error.retryable(),
            Self::Part(error) => error.retryable(),
            Self::Columns(_) => false,
            Self::Stopped => true,
        }
    }
}

/// What a part is built of.
#[derive(Debug)]
pub struct Build<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// Which slice of it.
    pub slice: &'a Slice,
    /// Counts rows while they are written.
    pub progress: &'a Progress,
    /// Set when the work is to end early.
    pub stop: &'a AtomicBool,
}

impl Build<'_> {
    /// Encodes and writes the part, of rows that `reader` reads at the same time; its record is complete when the output is.
    ///
    /// Blocking: runs on a lane, with memory bounded by the limits of `read`. However it ends, the reading has ended, too,
    /// before the output is let go.
    pub fn run<O: Output>(&self, reader: &Reader, read: ReadRequest, output: O) -> Result<(PartRecord, O), BuildError> {
        let columns = self.request.columns.indexes();
        let options = PartOptions {
            container: container(self.request),
            schema: message_schema().project(columns)?.into(),
            profile: profile(self.request),
            sha256: self.request.shape.sha256,
        };
        let batches = read.columns.schema();
        let mut writer = DayWriter::new(self, PartEncoder::new(options, output)?, &batches)?;
        let mut rows = reader.read(read);
        for batch in rows.by_ref() {
            if self.stop.load(Ordering::Relaxed) {
                return Err(BuildError::Stopped);
            }
            writer.write(&batch?)?;
        }
        let counters = rows.finish()?;
        let (part, sent_at, local_days, output) = writer.finish()?;
        Ok((PartRecord::new(part, sent_at, local_days, counters), output))
    }
}

/// How the parts of a request are wrapped.
pub fn container(request: &Request) -> Container {
    crate::manifest::format(request.format).container()
}

/// The encoder's profile of a request.
pub fn profile(request: &Request) -> encoder::csv::Profile {
    match request.profile {
        Profile::Rfc4180 => encoder::csv::Profile::Rfc4180,
        Profile::Spreadsheet => encoder::csv::Profile::Spreadsheet,
    }
}

/// The zone whose days cut the rows.
pub(super) fn zone(request: &Request) -> Zone {
    request.range.as_ref().map_or_else(Zone::utc, |range| range.zone().clone())
}

/// Cuts sorted rows at the starts of local days and keeps count of them.
struct DayWriter<'a, O: Output> {
    build: &'a Build<'a>,
    encoder: PartEncoder<O>,
    /// Where `sent_at` and the columns asked for stand in a batch.
    sent_at_column: usize,
    asked: Vec<usize>,
    /// Local days that are still to come: each with the instant at which the one after it begins.
    ends: std::iter::Peekable<Box<dyn Iterator<Item = (Day, Micros)> + 'a>>,
    sent_at: Vec<SentAt>,
    local_days: Vec<DayCount>,
    entry_open: bool,
}

type Written<O> = (encoder::part::PartSummary, Vec<SentAt>, Vec<DayCount>, O);

impl<'a, O: Output> DayWriter<'a, O> {
    /// For batches of this schema.
    fn new(build: &'a Build<'a>, encoder: PartEncoder<O>, batches: &Schema) -> Result<Self, ArrowError> {
        let (slice, zone) = (build.slice, zone(build.request));
        let days = (slice.first_day.0..=slice.last_day.0).map(Day);
        let ends: Box<dyn Iterator<Item = (Day, Micros)>> = Box::new(days.map(move |day| {
            let end = if day == slice.last_day { slice.span.end } else { zone.day_start(day.next()) };
            (day, end)
        }));
        let asked = build.request.columns.names(build.request.dataset);
        Ok(Self {
            build,
            encoder,
            sent_at_column: batches.index_of("sent_at")?,
            asked: asked.into_iter().map(|name| batches.index_of(name)).collect::<Result<_, _>>()?,
            ends: ends.peekable(),
            sent_at: Vec::new(),
            local_days: Vec::new(),
            entry_open: false,
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), BuildError> {
        let times = batch.column(self.sent_at_column).as_primitive::<TimestampMicrosecondType>().values();
        let chosen = batch.project(&self.asked)?;
        let mut start = 0;
        while start < times.len() {
            let day = self.day_of(Micros(times[start]))?;
            let end = match self.ends.peek() {
                Some((_, day_end)) => start + times[start..].partition_point(|at| *at < day_end.0),
                None => times.len(),
            };
            self.write_day(day, &chosen.slice(start, end - start), (times[start], times[end - 1]))?;
            start = end;
        }
        Ok(())
    }

    /// The local day of the next row; an entry that belongs to an earlier one is closed.
    fn day_of(&mut self, sent_at: Micros) -> Result<Day, BuildError> {
        while self.ends.next_if(|(_, end)| *end <= sent_at).is_some() {
            if container(self.build.request) == Container::Zip && std::mem::take(&mut self.entry_open) {
                self.encoder.end_entry()?;
            }
        }
        Ok(self.ends.peek().map_or(self.build.slice.last_day, |(day, _)| *day))
    }

    fn write_day(&mut self, day: Day, rows: &RecordBatch, (first, last): (i64, i64)) -> Result<(), BuildError> {
        if !self.entry_open {
            self.begin_entry(day)?;
            self.sent_at.push(SentAt { first, last });
        }
        if let Some(sent_at) = self.sent_at.last_mut() {
            sent_at.last = last;
        }
        let count = rows.num_rows() as u64;
        match self.local_days.last_mut() {
            Some(known) if known.day == day.0 => known.rows += count,
            _ => self.local_days.push(DayCount { day: day.0, rows: count }),
        }
        self.encoder.write(rows)?;
        self.build.progress.rows_written(count);
        Ok(())
    }

    fn begin_entry(&mut self, day: Day) -> Result<(), BuildError> {
        let slice = self.build.slice;
        let stem = match container(self.build.request) {
            Container::Zip => slice.stem(day),
            Container::Raw | Container::Gzip => slice.piece_stem(),
        };
        self.encoder.begin_entry(&entry_name(self.build.request.dataset, &stem))?;
        self.entry_open = true;
        Ok(())
    }

    fn finish(mut self) -> Result<Written<O>, BuildError> {
        // A raw or gzip part is exactly one piece, be it empty; days of a zip without rows have no entry.
        if !self.entry_open && container(self.build.request) != Container::Zip {
            self.begin_entry(self.build.slice.first_day)?;
        }
        if self.entry_open {
            self.encoder.end_entry()?;
        }
        let (part, output) = self.encoder.finish()?;
        Ok((part, self.sent_at, self.local_days, output))
    }
}
