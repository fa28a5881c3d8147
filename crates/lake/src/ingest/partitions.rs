//! Writes sorted rows into data files, one day at a time.

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use domain::ids::Slug;
use fail::fail_point;

use crate::error::LakeError;
use crate::file::WrittenFile;
use crate::parallel;
use crate::parquet::{PartitionWriter, Unsynced, WriteLimits};
use crate::rows::Rows;

/// Small files that are synced together; each keeps two descriptors until then.
const UNSYNCED_FILES: usize = 64;

/// Turns batches in the total order into the data files of one organisation. One file is open at a time.
pub(crate) struct Partitions<'a> {
    folder: &'a Path,
    organisation: &'a Slug,
    limits: WriteLimits,
    open: Option<PartitionWriter>,
    unsynced: Vec<Unsynced>,
    written: Vec<WrittenFile>,
}

impl<'a> Partitions<'a> {
    /// Files go into `folder`, numbered in the order of their rows.
    pub fn new(folder: &'a Path, organisation: &'a Slug, limits: WriteLimits) -> Self {
        Self { folder, organisation, limits, open: None, unsynced: Vec::new(), written: Vec::new() }
    }

    /// Adds rows that come after all before them.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let rows = Rows::new(batch);
        let mut start = 0;
        while start < rows.len() {
            let day = rows.sent_at(start).utc_day();
            let length = rows.sent_at.values()[start..].partition_point(|at| *at < day.next().utc_start().0);
            if self.open.as_ref().is_some_and(|open| open.day() != day || open.stored_bytes() >= self.limits.file_bytes)
            {
                self.end_file()?;
            }
            let mut writer = match self.open.take() {
                Some(open) => open,
                None => PartitionWriter::create(&self.next_path(), self.organisation, day, self.limits)?,
            };
            writer.write(&batch.slice(start, length))?;
            self.open = Some(writer);
            start += length;
        }
        Ok(())
    }

    /// Ends the last file and returns all of them, synced.
    pub fn finish(mut self) -> Result<Vec<WrittenFile>, LakeError> {
        self.end_file()?;
        self.sync()?;
        Ok(self.written)
    }

    fn end_file(&mut self) -> Result<(), LakeError> {
        if let Some(writer) = self.open.take() {
            self.unsynced.push(writer.finish()?);
        }
        if self.unsynced.len() >= UNSYNCED_FILES { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<(), LakeError> {
        parallel::for_each(&self.unsynced, Unsynced::sync)?;
        self.written.extend(self.unsynced.drain(..).map(Unsynced::into_written));
        fail_point!("ingest.written");
        Ok(())
    }

    fn next_path(&self) -> PathBuf {
        self.folder.join(format!("{:06}.parquet", self.written.len() + self.unsynced.len()))
    }
}
