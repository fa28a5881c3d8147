//! Opens a data file and believes its footer only as far as it agrees with the table.

use std::ops::Range;

use domain::time::Micros;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::statistics::Statistics;

use super::request::{ReadLimits, Shares};
use super::spans::{GroupPages, StringPage, TimePage};
use crate::error::LakeError;
use crate::file::DataFile;
use crate::parquet::{BlockStore, Verified};
use crate::rows::BatchLimits;
use crate::schema::{ORGANISATION_FIELD, SENT_AT_FIELD, table_schema};

const ORGANISATION: usize = 0;
const SENT_AT: usize = (SENT_AT_FIELD - ORGANISATION_FIELD) as usize;

/// An open data file that is what the table says it is, as far as its footer tells.
pub(crate) struct OpenFile {
    pub file: DataFile,
    pub blocks: Verified,
    pub metadata: ArrowReaderMetadata,
    pub groups: Vec<GroupPages>,
}

impl OpenFile {
    /// Opens the file and checks its sums of the footer, schema, rows, organisation, day, bounds and the order of its pages.
    pub fn open(store: &dyn BlockStore, file: DataFile, cache_blocks: usize) -> Result<Self, LakeError> {
        let blocks = Verified::open(store, &file.path, file.bytes, cache_blocks)?;
        blocks.read_end()?;
        let options =
            ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required).with_skip_arrow_metadata(true);
        let metadata =
            ArrowReaderMetadata::load(&blocks, options).map_err(|error| unreadable(&blocks, &file, error))?;
        let groups = groups(metadata.metadata()).ok_or_else(|| wrong(&file, "its page index is not whole"))?;
        check(&file, &metadata, &groups).map_err(|what| wrong(&file, what))?;
        Ok(Self { file, blocks, metadata, groups })
    }

    /// The bytes of a column that hold some rows of a row group, with its dictionary where they are the first ones.
    pub fn stretch(&self, group: usize, column: usize, rows: Range<usize>) -> Option<Range<u64>> {
        let metadata = self.metadata.metadata();
        let (start, length) = metadata.row_group(group).columns().get(column)?.byte_range();
        let pages = metadata.offset_index()?.get(group)?.get(column)?.page_locations();
        let begins_by = |row: usize| pages.partition_point(|page| page.first_row_index <= row as i64);
        let offset = |page: usize| pages.get(page).and_then(|page| u64::try_from(page.offset).ok());
        let first = begins_by(rows.start).saturating_sub(1);
        let from = if first == 0 { start } else { offset(first)? };
        let to = offset(begins_by(rows.end.saturating_sub(1))).unwrap_or(start + length);
        (from < to).then_some(from..to)
    }

    /// How large batches of this file are: all of it, where it is small.
    pub fn batch(&self, shares: Shares) -> BatchLimits {
        let bytes: usize = self.groups.iter().map(GroupPages::decoded_bytes).sum();
        let fits = bytes <= shares.whole.bytes && self.file.rows <= shares.whole.rows as u64 && self.groups.len() == 1;
        if fits { shares.whole } else { shares.batch }
    }

    /// What reading holds in memory: a decoder, its blocks, the largest page of each column, and a batch, which one large row may
    /// exceed while its columns grow. Of a small file only the rows are held.
    pub fn cost_bytes(&self, shares: Shares) -> usize {
        let greatest = |size: fn(&GroupPages) -> usize| self.groups.iter().map(size).max().unwrap_or(0);
        if self.batch(shares) == shares.whole {
            return greatest(GroupPages::decoded_bytes);
        }
        let (pages, row) = (greatest(GroupPages::largest_pages_bytes), greatest(GroupPages::largest_row_bytes));
        ReadLimits::DECODER_BYTES + self.blocks.held_bytes() + pages + shares.batch.bytes.max(2 * row)
    }
}

/// The error of a reader over verified blocks: what the blocks say, or else what the reader makes of them.
pub(crate) fn unreadable(blocks: &Verified, file: &DataFile, source: ParquetError) -> LakeError {
    blocks.take_fault().unwrap_or(LakeError::Parquet { doing: "read", path: file.path.clone(), source })
}

/// The error of a file that is sound but not the one the table speaks of.
pub(crate) fn wrong(file: &DataFile, what: &str) -> LakeError {
    LakeError::Corrupt { path: file.path.clone(), what: what.to_owned() }
}

fn check(file: &DataFile, metadata: &ArrowReaderMetadata, groups: &[GroupPages]) -> Result<(), &'static str> {
    if metadata.schema().fields() != table_schema().fields() {
        return Err("its columns are not those of the table");
    }
    let rows: usize = groups.iter().map(|group| group.rows).sum();
    if rows as u64 != file.rows || metadata.metadata().file_metadata().num_rows() != rows as i64 {
        return Err("its number of rows is not the one in the table");
    }
    let organisation = file.organisation.as_str().as_bytes();
    let is_own = |statistics: Option<&Statistics>| {
        statistics.is_some_and(|s| s.min_is_exact() && s.max_is_exact() && s.min_bytes_opt() == Some(organisation))
            && statistics.is_some_and(|s| s.max_bytes_opt() == Some(organisation))
    };
    if !metadata.metadata().row_groups().iter().all(|group| is_own(group.column(ORGANISATION).statistics())) {
        return Err("its rows are not those of the organisation");
    }
    let pages: Vec<&TimePage> = groups.iter().flat_map(|group| &group.times).collect();
    let (Some(first), Some(last)) = (pages.first(), pages.last()) else { return Err("it has no rows") };
    if first.first != file.first_sent_at || last.last != file.last_sent_at {
        return Err("its first and last instants are not those in the table");
    }
    if first.first.utc_day() != file.day || last.last.utc_day() != file.day {
        return Err("its rows are not of the day");
    }
    let ordered =
        pages.iter().all(|page| page.first <= page.last) && pages.windows(2).all(|pair| pair[0].last <= pair[1].first);
    if ordered { Ok(()) } else { Err("its pages are not in order") }
}

/// The page index of each row group, or `None` if it does not hang together.
fn groups(metadata: &ParquetMetaData) -> Option<Vec<GroupPages>> {
    let (columns, offsets) = (metadata.column_index()?, metadata.offset_index()?);
    let groups = metadata.row_groups().iter().zip(columns).zip(offsets);
    let groups = groups.map(|((group, columns), offsets)| {
        let rows = usize::try_from(group.num_rows()).ok()?;
        let times = time_pages(columns.get(SENT_AT)?, offsets.get(SENT_AT)?)?;
        let strings = offsets.iter().enumerate().filter(|(column, _)| is_message_string(*column));
        let strings = strings.map(|(_, column)| string_pages(column)).collect::<Option<_>>()?;
        Some(GroupPages { rows, times, strings })
    });
    groups.collect::<Option<Vec<_>>>().filter(|groups| groups.len() == metadata.num_row_groups())
}

fn is_message_string(column: usize) -> bool {
    column != ORGANISATION && table_schema().field(column).data_type() == &arrow_schema::DataType::Utf8
}

fn time_pages(column: &ColumnIndexMetaData, offsets: &OffsetIndexMetaData) -> Option<Vec<TimePage>> {
    let ColumnIndexMetaData::INT64(column) = column else { return None };
    let starts = page_starts(offsets)?;
    let pages = starts.into_iter().enumerate().map(|(page, start)| {
        let (first, last) = (Micros(*column.min_values().get(page)?), Micros(*column.max_values().get(page)?));
        Some(TimePage { start, first, last })
    });
    pages.collect()
}

fn string_pages(offsets: &OffsetIndexMetaData) -> Option<Vec<StringPage>> {
    let bytes = offsets.unencoded_byte_array_data_bytes()?;
    let pages = page_starts(offsets)?.into_iter().zip(bytes);
    pages.map(|(start, bytes)| Some(StringPage { start, bytes: usize::try_from(*bytes).ok()? })).collect()
}

/// The first row of each page; they begin with the first row of the group and rise.
fn page_starts(offsets: &OffsetIndexMetaData) -> Option<Vec<usize>> {
    let starts = offsets.page_locations().iter().map(|page| usize::try_from(page.first_row_index).ok());
    let starts: Vec<usize> = starts.collect::<Option<_>>()?;
    let rising = starts.windows(2).all(|pair| pair[0] < pair[1]);
    (rising && starts.first() == Some(&0)).then_some(starts)
}
