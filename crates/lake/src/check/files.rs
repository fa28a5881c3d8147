//! Reads each data file from end to end and compares it with its block sums and with what the table says of it.

use std::sync::Arc;

use futures::{StreamExt, stream};
use parquet::file::metadata::ParquetMetaDataReader;

use super::inventory::Inventory;
use super::{CheckReport, Problem};
use crate::disk;
use crate::error::LakeError;
use crate::parquet::{BlockStore, Verified};

/// Data files read at once.
const FILES_AT_ONCE: usize = 4;
/// Blocks of a file that are kept while its footer is read.
const CACHE_BLOCKS: usize = 4;

/// Checks every data file of the inventory.
pub(crate) async fn check(
    store: &Arc<dyn BlockStore>,
    inventory: Inventory,
    report: &mut CheckReport,
) -> Result<(), LakeError> {
    let checks = inventory.data.into_iter().map(|(path, (rows, bytes))| async move {
        let (store, file) = (Arc::clone(store), path.clone());
        let checked = disk::blocking(move || whole(store.as_ref(), &file, rows, bytes)).await;
        (path, rows, bytes, checked)
    });
    let mut checks = stream::iter(checks).buffered(FILES_AT_ONCE);
    while let Some((path, rows, bytes, checked)) = checks.next().await {
        report.files += 1;
        report.rows += rows;
        report.bytes += bytes;
        report.problems.extend(checked.err().map(|error| Problem::of(&path, &error)));
    }
    Ok(())
}

pub(super) fn whole(store: &dyn BlockStore, path: &str, rows: u64, bytes: u64) -> Result<(), LakeError> {
    let file = Verified::open(store, path, bytes, CACHE_BLOCKS)?;
    file.check_all()?;
    let parsed = ParquetMetaDataReader::new().parse_and_finish(&file);
    let failed = |source| LakeError::Parquet { doing: "read", path: path.to_owned(), source };
    let counted = parsed.map_err(failed)?.file_metadata().num_rows();
    if u64::try_from(counted).ok() == Some(rows) {
        return Ok(());
    }
    Err(LakeError::Unusable(format!("the table says {rows} rows, its footer {counted}")))
}
