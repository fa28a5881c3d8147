//! The manifest of an archive or volume, from the request and the records of its parts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::export::Export;
use domain::owner::Owner;
use domain::request::{Format, Request};
use encoder::civil::{Date, Instant};
use encoder::manifest::{
    DayRows, ManifestFile, ManifestFilter, ManifestHead, ManifestRange, ManifestTail, ManifestWriter, Volume, days_of,
};
use encoder::part::EntrySummary;

use parts::{PartRecord, SentAt};

/// What one volume's manifest says, ready to be written as often as asked.
#[derive(Debug)]
pub struct VolumeManifest {
    head: ManifestHead,
    files: Vec<ManifestFile>,
    tail: ManifestTail,
}

/// The encoder's name of a format.
pub fn format(format: Format) -> encoder::manifest::Format {
    match format {
        Format::Zip => encoder::manifest::Format::Zip,
        Format::Csv => encoder::manifest::Format::Csv,
        Format::CsvGz => encoder::manifest::Format::CsvGz,
    }
}

impl VolumeManifest {
    /// The manifest of the volume that `records` make, with the header piece of a csv, over these days, if it has any.
    pub fn new(
        export: &Export,
        header: Option<&EntrySummary>,
        records: &[PartRecord],
        days_between: Option<(Date, Date)>,
        volume: Option<Volume>,
    ) -> Self {
        let mut tail = ManifestTail { volume, ..ManifestTail::default() };
        let mut files: Vec<ManifestFile> = header.map(|piece| ManifestFile::new(piece, None)).into_iter().collect();
        let mut days = BTreeMap::<Date, u64>::new();
        for record in records {
            tail.escaped_cells += record.part.escaped_cells;
            for (_, counted) in record.counters() {
                tail.exact_repeats += counted.exact_repeats;
                tail.refused_by_filter += counted.refused_by_filter;
            }
            files.extend(
                record.entries_with_rows().map(|(entry, sent_at)| ManifestFile::new(entry, sent_at.and_then(instants))),
            );
            for counted in &record.local_days {
                if let Some(day) = Date::from_epoch_days(counted.day) {
                    *days.entry(day).or_default() += counted.rows;
                }
            }
        }
        let days = days_between.map_or(Vec::new(), |(from, to)| {
            days_of(from, to, days).expect("the local days of a slice lie in its volume")
        });
        Self { head: head(export, days), files, tail }
    }

    /// Writes it.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut writer = ManifestWriter::new(out, &self.head).map_err(io::Error::other)?;
        self.files.iter().try_for_each(|file| writer.file(file)).map_err(io::Error::other)?;
        writer.finish(&self.tail).map_err(io::Error::other)?;
        Ok(())
    }

    /// Files it lists.
    pub fn files(&self) -> u64 {
        self.files.len() as u64
    }

    /// Rows it lists.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }
}

fn instants(sent_at: SentAt) -> Option<(Instant, Instant)> {
    Some((Instant::from_micros(sent_at.first)?, Instant::from_micros(sent_at.last)?))
}

fn head(export: &Export, days: Vec<DayRows>) -> ManifestHead {
    let request = &export.request;
    ManifestHead {
        dataset: request.dataset.name().to_owned(),
        organisation: match &export.owner {
            Owner::Organisation(slug) => Some(slug.to_string()),
            Owner::User(_) => None,
        },
        range: range(request),
        format: format(request.format),
        profile: crate::part::profile(request),
        columns: request.columns.names(request.dataset).into_iter().map(str::to_owned).collect(),
        filter: filter(request),
        days,
    }
}

fn range(request: &Request) -> Option<ManifestRange> {
    let range = request.range.as_ref()?;
    let span = range.span();
    Some(ManifestRange {
        from: Date::from_epoch_days(range.from().0)?,
        to: Date::from_epoch_days(range.to().0)?,
        time_zone: range.zone().name().to_owned(),
        first_instant: span.start.to_string(),
        end_instant: span.end.to_string(),
    })
}

fn filter(request: &Request) -> Option<ManifestFilter> {
    let filter = &request.filter;
    let list = |set: &Option<std::collections::BTreeSet<String>>| {
        set.as_ref().map(|set| set.iter().cloned().collect::<Vec<_>>())
    };
    (!filter.is_all()).then(|| ManifestFilter { channels: list(&filter.channels), senders: list(&filter.senders) })
}
