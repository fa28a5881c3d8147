//! Small exports in every format, put together as a worker does it.

use std::io::{self, Cursor};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use encoder::archive::write_zip_tail;
use encoder::civil::{Date, Instant};
use encoder::csv::Profile;
use encoder::manifest::{
    Format, ManifestFile, ManifestHead, ManifestRange, ManifestTail, ManifestWriter, Volume, days_of,
};
use encoder::part::{EntrySummary, PartEncoder, PartOptions, header_piece};
use encoder::verify::{Report, VerifyLimits, verify_csv, verify_zip};

pub const DAY: i64 = 86_400_000_000;
pub const COLUMNS: [&str; 3] = ["message_id", "sent_at", "text"];

pub fn schema() -> SchemaRef {
    let sent_at = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    Arc::new(Schema::new(vec![
        Field::new(COLUMNS[0], DataType::Utf8, false),
        Field::new(COLUMNS[1], sent_at, false),
        Field::new(COLUMNS[2], DataType::Utf8, true),
    ]))
}

/// `rows` messages of a day, with text of every kind.
pub fn messages(day: &str, rows: usize) -> RecordBatch {
    const TEXTS: [Option<&str>; 6] =
        [Some("hi"), None, Some(""), Some("=1,\"2\""), Some("a\r\nb"), Some("\u{1f980} ß")];
    let start = i64::from(date(day).epoch_days()) * DAY;
    let ids: StringArray = (0..rows).map(|row| Some(format!("{day}-{row}"))).collect();
    let times = TimestampMicrosecondArray::from_iter_values((0..rows).map(|row| start + row as i64 * 1_000_001));
    let texts: StringArray = (0..rows).map(|row| TEXTS[row % TEXTS.len()]).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(ids), Arc::new(times.with_timezone("+00:00")), Arc::new(texts)];
    RecordBatch::try_new(schema(), columns).unwrap()
}

pub fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// An export of `from` to `to` with rows on some days; each inner list is a part.
pub struct Export {
    pub format: Format,
    pub profile: Profile,
    pub sha256: bool,
    pub from: &'static str,
    pub to: &'static str,
    pub parts: Vec<Vec<(&'static str, usize)>>,
    pub volume: Option<Volume>,
    /// The first and last day of this file, where that is not the whole range.
    pub days: Option<(&'static str, &'static str)>,
}

/// A finished file and the text of its manifest.
pub struct Built {
    pub format: Format,
    pub file: Vec<u8>,
    pub manifest: Vec<u8>,
}

impl Export {
    /// Two parts, three days with rows.
    pub fn small(format: Format) -> Self {
        Self {
            format,
            profile: Profile::Rfc4180,
            sha256: false,
            from: "2024-01-30",
            to: "2024-02-05",
            parts: vec![vec![("2024-01-31", 4)], vec![("2024-02-01", 1), ("2024-02-04", 2)]],
            volume: None,
            days: None,
        }
    }

    pub fn head(&self) -> ManifestHead {
        let (first, last) = self.days.unwrap_or((self.from, self.to));
        let counted = self.parts.iter().flatten().map(|(day, rows)| (date(day), *rows as u64));
        ManifestHead {
            dataset: "messages".to_owned(),
            organisation: Some("acme".to_owned()),
            range: Some(ManifestRange {
                from: date(self.from),
                to: date(self.to),
                time_zone: "UTC".to_owned(),
                first_instant: format!("{}T00:00:00.000000Z", self.from),
                end_instant: format!("{}T00:00:00.000000Z", date(self.to).next().unwrap()),
            }),
            format: self.format,
            profile: self.profile,
            columns: COLUMNS.map(str::to_owned).to_vec(),
            filter: None,
            days: days_of(date(first), date(last), counted).unwrap(),
        }
    }

    pub fn build(&self) -> Built {
        let parts: Vec<_> = self.parts.iter().flat_map(|days| self.build_part(days)).collect();
        match self.format {
            Format::Zip => self.join_zip(&parts),
            Format::Csv | Format::CsvGz => self.join_csv(&parts),
        }
    }

    /// The stored bytes of each entry; a zip has an entry for each day, a csv a piece for each part.
    fn build_part(&self, days: &[(&str, usize)]) -> Vec<(EntrySummary, Vec<u8>)> {
        let container = self.format.container();
        let options = PartOptions { container, schema: schema(), profile: self.profile, sha256: self.sha256 };
        let mut encoder = PartEncoder::new(options, Vec::new()).unwrap();
        let single = self.format != Format::Zip;
        if single {
            encoder.begin_entry(&format!("messages/{}_{}.csv", days[0].0, days[days.len() - 1].0)).unwrap();
        }
        for (day, rows) in days {
            if !single {
                encoder.begin_entry(&format!("messages/{day}.csv")).unwrap();
            }
            encoder.write(&messages(day, *rows)).unwrap();
            if !single {
                encoder.end_entry().unwrap();
            }
        }
        if single {
            encoder.end_entry().unwrap();
        }
        let (summary, file) = encoder.finish().unwrap();
        let stored = |entry: &EntrySummary| {
            let range = entry.stored_range();
            file[range.start as usize..range.end as usize].to_vec()
        };
        summary.entries.iter().map(|entry| (entry.clone(), stored(entry))).collect()
    }

    fn manifest(&self, entries: &[&EntrySummary]) -> Vec<u8> {
        let head = self.head();
        let mut writer = ManifestWriter::new(Vec::new(), &head).unwrap();
        for entry in entries {
            let sent_at = (entry.rows > 0).then_some((Instant::MIN, Instant::MAX));
            writer.file(&ManifestFile::new(entry, sent_at)).unwrap();
        }
        writer.finish(&ManifestTail { volume: self.volume, ..ManifestTail::default() }).unwrap()
    }

    fn join_zip(&self, parts: &[(EntrySummary, Vec<u8>)]) -> Built {
        let manifest = self.manifest(&parts.iter().map(|(entry, _)| entry).collect::<Vec<_>>());
        let file = zip_of(parts, &manifest);
        Built { format: self.format, file, manifest }
    }

    fn join_csv(&self, parts: &[(EntrySummary, Vec<u8>)]) -> Built {
        let header = header_piece(&COLUMNS, self.profile, self.format.container(), self.sha256).unwrap();
        let pieces: Vec<_> = [&header].into_iter().chain(parts).collect();
        let manifest = self.manifest(&pieces.iter().map(|(entry, _)| entry).collect::<Vec<_>>());
        let file = pieces.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        Built { format: self.format, file, manifest }
    }
}

/// Stored ranges one behind the other, and the tail.
pub fn zip_of(parts: &[(EntrySummary, Vec<u8>)], manifest: &[u8]) -> Vec<u8> {
    let mut file: Vec<u8> = Vec::new();
    let mut entries = Vec::new();
    for (entry, stored) in parts {
        entries.push(io::Result::Ok(entry.directory_entry(file.len() as u64)));
        file.extend_from_slice(stored);
    }
    let (tail, bytes) = write_zip_tail(Vec::new(), file.len() as u64, entries, |out| out.write_all(manifest)).unwrap();
    assert_eq!(tail.crc64nvme, crc64::Crc64::of(&bytes));
    assert_eq!(tail.manifest_bytes, manifest.len() as u64);
    file.extend_from_slice(&bytes);
    file
}

impl Built {
    pub fn verify(&self) -> Report {
        verify(self.format, &self.file, &self.manifest)
    }
}

pub fn verify(format: Format, file: &[u8], manifest: &[u8]) -> Report {
    let limits = VerifyLimits::default();
    match format {
        Format::Zip => verify_zip(Cursor::new(file), &limits).unwrap(),
        Format::Csv | Format::CsvGz => verify_csv(file, manifest, &limits).unwrap(),
    }
}
