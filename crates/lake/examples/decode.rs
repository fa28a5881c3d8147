//! The yardstick of reading: decodes columns of Parquet files with the Rust parquet crate, and does nothing else.
//!
//! `decode COLUMNS FILE...`, e.g. `decode message_id,sent_at,text *.parquet`; `all` stands for every column but the
//! organisation. What is printed are rows and the bytes of their arrays.

use std::error::Error;
use std::fs::File;

use arrow_array::{Array, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// As many rows as an export reads at a time.
const BATCH_ROWS: usize = 8_192;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let columns = arguments.next().ok_or("usage: decode COLUMNS FILE...")?;
    let (mut rows, mut bytes) = (0, 0);
    for path in arguments {
        for batch in open(&path, &columns)? {
            let batch: RecordBatch = batch?;
            rows += batch.num_rows();
            bytes += batch.columns().iter().map(|column| column.get_buffer_memory_size()).sum::<usize>();
        }
    }
    println!("{rows} rows, {bytes} bytes");
    Ok(())
}

fn open(path: &str, columns: &str) -> Result<parquet::arrow::arrow_reader::ParquetRecordBatchReader, Box<dyn Error>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let all: Vec<_> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let wanted = |name: &str| match columns {
        "all" => name != "organisation",
        some => some.split(',').any(|wanted| wanted == name),
    };
    let names = all.iter().map(String::as_str).filter(|name| wanted(name));
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    Ok(builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()?)
}
