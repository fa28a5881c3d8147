//! Sorted runs on the disk while a sort or a merge has more rows than memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::ArrowError;
use tempfile::TempPath;

use super::buffer::run_bytes;
use super::{Rows, SortedBatches};
use crate::error::LakeError;
use crate::parquet::{BlockReader, BlockStore, BlockSums, LocalBlocks, SumWriter, Verified};
use crate::schema::message_schema;

/// A run being written: an Arrow IPC stream, zstd, with block sums kept in memory. Dropping it removes the file.
pub(crate) struct SpillWriter {
    writer: StreamWriter<BufWriter<SumWriter<File>>>,
    path: TempPath,
    largest_batch_bytes: usize,
}

/// A finished run. Its file vanishes when it, or the reader it became, is dropped.
pub(crate) struct Spill {
    path: TempPath,
    sums: BlockSums,
    /// What reading it holds in memory: its largest batch, decoded and as it lies.
    pub cost_bytes: usize,
}

struct SpillReader {
    reader: StreamReader<BlockReader>,
    blocks: Verified,
    _path: TempPath,
}

impl SpillWriter {
    /// Starts a run in `folder`, mode 0600.
    pub fn create(folder: &Path) -> Result<Self, LakeError> {
        let file = tempfile::Builder::new().prefix("run-").suffix(".arrow").tempfile_in(folder);
        let (file, path) = file.map_err(LakeError::io("spill into", folder))?.into_parts();
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD));
        let output = BufWriter::new(SumWriter::new(file));
        let writer = options.and_then(|options| StreamWriter::try_new_with_options(output, &message_schema(), options));
        Ok(Self { writer: writer.map_err(LakeError::rows("spill", &path))?, path, largest_batch_bytes: 0 })
    }

    /// Adds a batch that comes after all before it.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        self.largest_batch_bytes = self.largest_batch_bytes.max(run_bytes(&Rows::new(batch), 0, batch.num_rows()));
        self.writer.write(batch).map_err(LakeError::rows("spill", &self.path))
    }

    /// Ends the run. It is not synced: nobody reads it after a crash.
    pub fn finish(self) -> Result<Spill, LakeError> {
        let mut output = self.writer.into_inner().map_err(LakeError::rows("spill", &self.path))?;
        output.flush().map_err(LakeError::io("write", &self.path))?;
        let (_, sums) =
            output.into_inner().map_err(|error| LakeError::io("write", &self.path)(error.into_error()))?.finish();
        Ok(Spill { path: self.path, sums, cost_bytes: 2 * self.largest_batch_bytes })
    }
}

impl Spill {
    /// The batches as they were written, every block checked against its sum.
    pub fn open(self) -> Result<SortedBatches, LakeError> {
        let path = self.path.to_str().ok_or_else(|| LakeError::PathText(self.path.to_path_buf()))?.to_owned();
        let source = LocalBlocks.open(&path, self.sums.bytes)?;
        let blocks = Verified::new(path, source, self.sums, 1);
        let reader = StreamReader::try_new(BlockReader::new(blocks.clone(), 0), None);
        let reader = reader.map_err(|error| unspilling(&blocks, error))?;
        Ok(Box::new(SpillReader { reader, blocks, _path: self.path }))
    }
}

impl Iterator for SpillReader {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|batch| batch.map_err(|error| unspilling(&self.blocks, error)))
    }
}

fn unspilling(blocks: &Verified, source: ArrowError) -> LakeError {
    blocks.take_fault().unwrap_or(LakeError::Rows { doing: "read back spilled", source })
}
