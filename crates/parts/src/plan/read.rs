//! Reading a plan object by range: what one segment needs costs the same in a plan of 1 and of 180,000.

use std::ops::Range;

use domain::calendar::Span;
use domain::content_key::ContentKey;
use domain::ids::Slug;
use domain::time::{Day, Micros};
use domain::windows::Slice;
use lake::file::DataFile;
use lake::table::plan::PlannedDay;

use super::bytes::{DAY_BYTES, FILE_BYTES, Fields, HEADER_BYTES, SEGMENT_BYTES};
use super::{MAGIC, PlanError, PlannedSegment, SegmentPlan};

/// What stands at the head of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanHeader {
    /// Number of segments.
    pub segments: u32,
    /// The snapshot it was made of.
    pub snapshot: i64,
    days: u32,
    files: u32,
    path_bytes: u64,
}

impl PlanHeader {
    /// The range of the header.
    pub const RANGE: Range<u64> = 0..HEADER_BYTES;

    fn parse(bytes: &[u8]) -> Result<Self, PlanError> {
        let (magic, version) = (MAGIC.split_last().expect("the mark has a version").1, MAGIC[MAGIC.len() - 1]);
        if bytes.len() != HEADER_BYTES as usize || !bytes.starts_with(magic) {
            return Err(PlanError::Damaged("header"));
        }
        // First the CRC: a newer header keeps this width and ends with one, so a flipped bit is not taken for a newer version,
        // for which everybody would wait.
        let mut fields = Fields::open(bytes, &[], "header")?;
        if bytes[magic.len()] > version {
            return Err(PlanError::TooNew);
        }
        fields.take::<8>();
        let (segments, days, files) = (fields.u32(), fields.u32(), fields.u32());
        Ok(Self { segments, days, files, path_bytes: fields.u64(), snapshot: fields.i64() })
    }

    fn table(&self, start: u64, width: u64, range: Range<u32>, total: u32) -> Result<Range<u64>, PlanError> {
        if range.end > total || range.start > range.end {
            return Err(PlanError::Damaged("a record points outside its table"));
        }
        Ok(start + u64::from(range.start) * width..start + u64::from(range.end) * width)
    }

    fn segment_range(&self, range: Range<u32>) -> Result<Range<u64>, PlanError> {
        self.table(HEADER_BYTES, SEGMENT_BYTES, range, self.segments)
    }

    fn day_range(&self, range: Range<u32>) -> Result<Range<u64>, PlanError> {
        let start = HEADER_BYTES + u64::from(self.segments) * SEGMENT_BYTES;
        self.table(start, DAY_BYTES, range, self.days)
    }

    fn file_range(&self, range: Range<u32>) -> Result<Range<u64>, PlanError> {
        let start = HEADER_BYTES + u64::from(self.segments) * SEGMENT_BYTES + u64::from(self.days) * DAY_BYTES;
        self.table(start, FILE_BYTES, range, self.files)
    }

    fn path_range(&self, range: Range<u64>) -> Result<Range<u64>, PlanError> {
        if range.end > self.path_bytes || range.start > range.end {
            return Err(PlanError::Damaged("a path lies outside the plan"));
        }
        let start = self.file_range(self.files..self.files)?.end;
        Ok(start + range.start..start + range.end)
    }
}

/// Reads a plan through `fetch`, which answers exactly the bytes of a range.
pub struct PlanReader<F> {
    header: PlanHeader,
    fetch: F,
}

impl<F, E> PlanReader<F>
where
    F: FnMut(Range<u64>) -> Result<Vec<u8>, E>,
    E: From<PlanError>,
{
    /// Reads the header.
    pub fn open(mut fetch: F) -> Result<Self, E> {
        let header = PlanHeader::parse(&fetch(PlanHeader::RANGE)?)?;
        Ok(Self { header, fetch })
    }

    /// The header.
    pub fn header(&self) -> PlanHeader {
        self.header
    }

    /// Some segments, in order.
    pub fn segments(&mut self, range: Range<u32>) -> Result<Vec<PlannedSegment>, E> {
        let bytes = self.fetch_exact(self.header.segment_range(range)?)?;
        let records = bytes.chunks_exact(SEGMENT_BYTES as usize);
        records.map(|record| Ok(parse_segment(record)?.0)).collect()
    }

    /// The rows of every UTC day of the plan.
    pub fn day_rows(&mut self) -> Result<Vec<(Day, u64)>, E> {
        let days = self.days(0..self.header.days)?;
        Ok(days.into_iter().map(|(day, _)| (day.day, day.rows)).collect())
    }

    /// One segment with the files it reads.
    pub fn segment(&mut self, number: u32, organisation: &Slug) -> Result<SegmentPlan, E> {
        let bytes = self.fetch_exact(self.header.segment_range(number..number.saturating_add(1))?)?;
        let (segment, touched) = parse_segment(&bytes)?;
        let days = self.days(touched)?;
        let first_file = days.first().map_or(0, |(_, files)| files.start);
        let end_file = days.last().map_or(0, |(_, files)| files.end);
        let mut files = self.files(first_file..end_file, organisation)?.into_iter();
        let with_files = days.into_iter().map(|(day, range)| {
            let files = files.by_ref().take(range.len()).map(|file| DataFile { day: day.day, ..file });
            PlannedDay { files: files.collect(), ..day }
        });
        Ok(SegmentPlan { segment, days: with_files.collect() })
    }

    fn days(&mut self, range: Range<u32>) -> Result<Vec<(PlannedDay, Range<u32>)>, E> {
        let bytes = self.fetch_exact(self.header.day_range(range)?)?;
        Ok(bytes.chunks_exact(DAY_BYTES as usize).map(parse_day).collect::<Result<_, _>>()?)
    }

    fn files(&mut self, range: Range<u32>, organisation: &Slug) -> Result<Vec<DataFile>, E> {
        let records = self.fetch_exact(self.header.file_range(range)?)?;
        let records: Vec<&[u8]> = records.chunks_exact(FILE_BYTES as usize).collect();
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(Vec::new()) };
        let whole = path_of(first).start..path_of(last).end;
        let paths = self.fetch_exact(self.header.path_range(whole.clone())?)?;
        let files = records.into_iter().map(|record| {
            let at = path_of(record);
            let path =
                (at.start >= whole.start).then(|| (at.start - whole.start) as usize..(at.end - whole.start) as usize);
            let path = path.and_then(|range| paths.get(range)).ok_or(PlanError::Damaged("path"))?;
            parse_file(record, path, organisation)
        });
        Ok(files.collect::<Result<_, PlanError>>()?)
    }

    fn fetch_exact(&mut self, range: Range<u64>) -> Result<Vec<u8>, E> {
        let expected = (range.end - range.start) as usize;
        if expected == 0 {
            return Ok(Vec::new());
        }
        let bytes = (self.fetch)(range)?;
        if bytes.len() == expected { Ok(bytes) } else { Err(PlanError::Damaged("it is too short").into()) }
    }
}

fn parse_segment(record: &[u8]) -> Result<(PlannedSegment, Range<u32>), PlanError> {
    let mut fields = Fields::open(record, &[], "segment")?;
    let span = Span { start: Micros(fields.i64()), end: Micros(fields.i64()) };
    let (first_day, last_day) = (Day(fields.i32()), Day(fields.i32()));
    let window = Some(fields.u32()).filter(|window| *window > 0);
    let (first_touched, touched) = (fields.u32(), fields.u32());
    let slice = Slice { span, first_day, last_day, window };
    let segment = PlannedSegment { slice, key: ContentKey(fields.take()) };
    Ok((segment, first_touched..first_touched.saturating_add(touched)))
}

fn parse_day(record: &[u8]) -> Result<(PlannedDay, Range<u32>), PlanError> {
    let mut fields = Fields::open(record, &[], "day")?;
    let (day, rows, greatest_sequence) = (Day(fields.i32()), fields.u64(), fields.i64());
    let (first_file, files) = (fields.u32(), fields.u32());
    let planned = PlannedDay { day, rows, greatest_sequence, files: Vec::new() };
    Ok((planned, first_file..first_file.saturating_add(files)))
}

/// Where a file's path lies among all paths, before its record is checked.
fn path_of(record: &[u8]) -> Range<u64> {
    let mut fields = Fields::unchecked(record);
    let start = fields.u64();
    start..start.saturating_add(u64::from(fields.u32()))
}

fn parse_file(record: &[u8], path: &[u8], organisation: &Slug) -> Result<DataFile, PlanError> {
    let mut fields = Fields::open(record, path, "file")?;
    fields.take::<12>();
    Ok(DataFile {
        path: String::from_utf8(path.to_vec()).map_err(|_| PlanError::Damaged("path"))?,
        organisation: organisation.clone(),
        day: Day(0),
        rows: fields.u64(),
        bytes: fields.u64(),
        first_sent_at: Micros(fields.i64()),
        last_sent_at: Micros(fields.i64()),
    })
}
