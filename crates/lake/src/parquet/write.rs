//! Writes one data file: sorted rows of one organisation and day, bounded row groups and pages, block sums beside it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use domain::ids::Slug;
use domain::time::{Day, Micros};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::SumWriter;
use super::properties::writer_properties;
use crate::disk;
use crate::error::LakeError;
use crate::file::{DataFile, FileMetrics, SUMS_SUFFIX, WrittenFile};
use crate::rows::{LastRow, Rows, run_bytes};
use crate::schema::{ORGANISATION_FIELD, table_schema};

/// How a data file is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteLimits {
    /// Rows of a row group.
    pub row_group_rows: usize,
    /// Decoded bytes of a row group: what a writer may have to hold before it can let go.
    pub row_group_bytes: usize,
    /// Rows of a page, the grain of pruning by time.
    pub page_rows: usize,
    /// Decoded bytes of a page; a larger value has a page of its own.
    pub page_bytes: usize,
    /// Stored bytes after which a further file of the same day is begun.
    pub file_bytes: u64,
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self {
            row_group_rows: 128 * 1024,
            row_group_bytes: 32 << 20,
            page_rows: 8 * 1024,
            page_bytes: 256 << 10,
            file_bytes: 512 << 20,
        }
    }
}

/// A data file being written. Only [`finish`](Self::finish) completes it; otherwise an unreadable file stays for the sweep.
pub struct PartitionWriter {
    path: PathBuf,
    organisation: Slug,
    day: Day,
    limits: WriteLimits,
    writer: ArrowWriter<SumWriter<File>>,
    group_bytes: usize,
    last: LastRow,
    rows: u64,
    sent_at: Option<(Micros, Micros)>,
    message_id: Option<(String, String)>,
    nulls: [u64; 10],
}

impl PartitionWriter {
    /// Starts a file that must not be there yet, mode 0600.
    pub fn create(path: &Path, organisation: &Slug, day: Day, limits: WriteLimits) -> Result<Self, LakeError> {
        let output = SumWriter::new(disk::create_file(path)?);
        let options =
            ArrowWriterOptions::new().with_skip_arrow_metadata(true).with_properties(writer_properties(limits));
        let writer = ArrowWriter::try_new_with_options(output, table_schema(), options).map_err(writing(path))?;
        Ok(Self {
            path: path.to_owned(),
            organisation: organisation.clone(),
            day,
            limits,
            writer,
            group_bytes: 0,
            last: LastRow::default(),
            rows: 0,
            sent_at: None,
            message_id: None,
            nulls: [0; 10],
        })
    }

    /// Adds rows of the message schema. They must follow those before in the total order and lie in the day.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let rows = Rows::new(batch);
        if rows.len() == 0 {
            return Ok(());
        }
        let (first, last) = (rows.sent_at(0), rows.sent_at(rows.len() - 1));
        if !self.last.follows(&rows)? || first.utc_day() != self.day || last.utc_day() != self.day {
            return Err(self.out_of_order());
        }
        self.sent_at = Some((self.sent_at.map_or(first, |(before, _)| before), last));
        self.rows += rows.len() as u64;
        self.count(batch, &rows);
        let mut start = 0;
        while start < rows.len() {
            let end = self.slice_end(&rows, start);
            self.write_slice(batch, start, end).map_err(writing(&self.path))?;
            self.group_bytes += run_bytes(&rows, start, end);
            if self.group_bytes >= self.limits.row_group_bytes {
                self.writer.flush().map_err(writing(&self.path))?;
            }
            if self.writer.in_progress_rows() == 0 {
                self.group_bytes = 0;
            }
            start = end;
        }
        Ok(())
    }

    /// The day whose rows it takes.
    pub fn day(&self) -> Day {
        self.day
    }

    /// Stored bytes so far, without the row group in memory.
    pub fn stored_bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Writes the rest, the footer and the sums. Nothing of it is durable before [`Unsynced::sync`].
    pub fn finish(mut self) -> Result<Unsynced, LakeError> {
        self.writer.flush().map_err(writing(&self.path))?;
        let metrics = self.metrics();
        let (Some((first_sent_at, last_sent_at)), Some(path)) = (self.sent_at, self.path.to_str()) else {
            return Err(if self.rows == 0 { self.out_of_order() } else { LakeError::PathText(self.path) });
        };
        let path = path.to_owned();
        let (file, sums) = self.writer.into_inner().map_err(writing(&self.path))?.finish();
        let sums_path = PathBuf::from(format!("{path}{SUMS_SUFFIX}"));
        let mut sums_file = disk::create_file(&sums_path)?;
        sums_file.write_all(&sums.encode()).map_err(LakeError::io("write", &sums_path))?;
        let (organisation, day, rows, bytes) = (self.organisation, self.day, self.rows, sums.bytes);
        let files = [(file, self.path), (sums_file, sums_path)];
        let file = DataFile { path, organisation, day, rows, bytes, first_sent_at, last_sent_at };
        Ok(Unsynced { written: WrittenFile { file, metrics }, files })
    }

    fn count(&mut self, batch: &RecordBatch, rows: &Rows) {
        for (nulls, column) in self.nulls[1..].iter_mut().zip(batch.columns()) {
            *nulls += column.null_count() as u64;
        }
        let ids = || rows.message_id.iter().flatten();
        if let (Some(least), Some(greatest)) = (ids().min(), ids().max()) {
            let (lower, upper) = self.message_id.get_or_insert_with(|| (least.to_owned(), greatest.to_owned()));
            if least < lower.as_str() {
                *lower = least.to_owned();
            }
            if greatest > upper.as_str() {
                *upper = greatest.to_owned();
            }
        }
    }

    /// The writer looks at a page's size between slices, so a slice is no larger than a page, or one row.
    fn slice_end(&self, rows: &Rows, start: usize) -> usize {
        let mut count = (rows.len() - start).min(self.limits.page_rows);
        while count > 1 && run_bytes(rows, start, start + count) > self.limits.page_bytes {
            count = count.div_ceil(2);
        }
        start + count
    }

    fn write_slice(
        &mut self,
        batch: &RecordBatch,
        start: usize,
        end: usize,
    ) -> Result<(), parquet::errors::ParquetError> {
        let slice = batch.slice(start, end - start);
        let organisation: ArrayRef = Arc::new(StringArray::from(vec![self.organisation.as_str(); end - start]));
        let columns = std::iter::once(organisation).chain(slice.columns().iter().cloned()).collect();
        self.writer.write(&RecordBatch::try_new(table_schema(), columns)?)
    }

    fn metrics(&self) -> FileMetrics {
        let mut metrics = FileMetrics::default();
        for group in self.writer.flushed_row_groups() {
            for (id, column) in (ORGANISATION_FIELD..).zip(group.columns()) {
                *metrics.column_sizes.entry(id).or_default() += column.byte_range().1;
            }
            metrics.split_offsets.push(group.columns().first().map_or(0, |column| column.byte_range().0 as i64));
        }
        metrics.value_counts = (ORGANISATION_FIELD..).take(self.nulls.len()).map(|id| (id, self.rows)).collect();
        metrics.null_value_counts = (ORGANISATION_FIELD..).zip(self.nulls).collect();
        if let Some((lower, upper)) = &self.message_id {
            metrics.message_id_lower = lower.chars().take(BOUND_CHARACTERS).collect();
            metrics.message_id_upper = upper_bound(upper);
        }
        metrics
    }

    fn out_of_order(&self) -> LakeError {
        let what = format!("rows out of order, of another day than {} or none at all were to be written", self.day);
        LakeError::Corrupt { path: self.path.display().to_string(), what }
    }
}

/// A data file and its sums, complete but not durable yet.
#[derive(Debug)]
pub struct Unsynced {
    written: WrittenFile,
    files: [(File, PathBuf); 2],
}

impl Unsynced {
    /// Waits until both files are on the disk; their names are not.
    pub fn sync(&self) -> Result<(), LakeError> {
        self.files.iter().try_for_each(|(file, path)| file.sync_all().map_err(LakeError::io("sync", path)))
    }

    /// The file, closed.
    pub fn into_written(self) -> WrittenFile {
        self.written
    }
}

/// Iceberg's default for metrics of strings, `truncate(16)`.
const BOUND_CHARACTERS: usize = 16;

/// The first characters, the last of them raised if more follow, so that nothing that begins like this comes after.
fn upper_bound(greatest: &str) -> Option<String> {
    let mut bound: Vec<char> = greatest.chars().take(BOUND_CHARACTERS).collect();
    if greatest.chars().nth(BOUND_CHARACTERS).is_none() {
        return Some(greatest.to_owned());
    }
    while let Some(last) = bound.pop() {
        // The step from U+D7FF jumps the surrogates; past the last character the one before is raised.
        if let Some(raised) = (last as u32 + 1..=char::MAX as u32).find_map(char::from_u32) {
            bound.push(raised);
            return Some(bound.into_iter().collect());
        }
    }
    None
}

fn writing(path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> LakeError {
    LakeError::parquet("write", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_bound_is_short_and_above_all_it_bounds() {
        let (fifteen, max) = ("x".repeat(15), char::MAX.to_string());
        let check = |greatest: &str, bound: Option<&str>| {
            assert_eq!(upper_bound(greatest).as_deref(), bound, "{greatest}");
            assert!(bound.is_none_or(|bound| bound >= greatest && bound.chars().count() <= BOUND_CHARACTERS));
        };
        check("", Some(""));
        check(&format!("{fifteen}y"), Some(&format!("{fifteen}y")));
        check(&format!("{fifteen}yz"), Some(&format!("{fifteen}z")));
        check(&format!("{fifteen}\u{d7ff}z"), Some(&format!("{fifteen}\u{e000}")));
        check(&format!("{fifteen}{max}z"), Some(&format!("{}y", "x".repeat(14))));
        check(&max.repeat(16), Some(&max.repeat(16)));
        check(&max.repeat(17), None);
    }
}
