//! Ordered reading against its twin, and against files that are damaged or not what the table says.

mod columns;
mod damaged;
mod slices;
mod wrong;

use std::path::Path;
use std::sync::Arc;

use domain::filter::Filter;
use domain::ids::Slug;
use domain::time::Micros;
use tempfile::TempDir;

use super::{Columns, OrderedRows, ReadLimits, ReadRequest};
use crate::error::LakeError;
use crate::file::DataFile;
use crate::parquet::{LocalBlocks, PartitionWriter, WriteLimits};
use crate::rows::Rows;
use crate::rows::testing::{Message, batch, messages};

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A small cut, so that a few rows make several row groups and pages.
fn small() -> WriteLimits {
    WriteLimits { row_group_rows: 7, row_group_bytes: 9_000, page_rows: 2, page_bytes: 300, file_bytes: u64::MAX }
}

/// Writes the rows of one day as one file.
fn write(folder: &Path, name: &str, mut rows: Vec<Message>, limits: WriteLimits) -> DataFile {
    rows.sort();
    let day = Micros(rows[0].sent_at).utc_day();
    let mut writer = PartitionWriter::create(&folder.join(name), &slug("acme"), day, limits).unwrap();
    rows.chunks(3).for_each(|chunk| writer.write(&batch(chunk)).unwrap());
    writer.finish().unwrap().into_written().file
}

/// Everything, unfiltered, with room for all.
fn everything(folder: &TempDir, files: Vec<DataFile>) -> ReadRequest {
    ReadRequest {
        store: Arc::new(LocalBlocks),
        organisation: slug("acme"),
        files,
        start: Micros::MIN,
        end: Micros(i64::MAX),
        filter: Filter::default(),
        columns: Columns::ALL,
        spill_folder: folder.path().join("spill"),
        limits: ReadLimits::default(),
    }
}

/// A folder with an empty one for runs inside.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("spill")).unwrap();
    folder
}

/// All rows, and that the counters are there.
fn read(request: ReadRequest) -> Result<Vec<Message>, LakeError> {
    let mut rows = OrderedRows::open(request)?;
    let mut read = Vec::new();
    for batch in rows.by_ref() {
        read.extend(messages(&Rows::new(&batch?)));
    }
    rows.finish().map(|_| read)
}
