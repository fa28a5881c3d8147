//! Where the files of a table lie below its root.

use domain::ids::{IngestId, Slug};
use domain::time::Day;

/// The paths of one table.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    table: String,
}

impl Places {
    /// Those below the root of a table, which has no slash at its end.
    pub(crate) fn new(table: impl Into<String>) -> Self {
        Self { table: table.into() }
    }

    /// The root; nothing but files of the table lies below it.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// The folder of manifests, manifest lists and table metadata.
    pub(crate) fn metadata(&self) -> String {
        format!("{}/metadata", self.table)
    }

    /// The folder of data files.
    pub(crate) fn data(&self) -> String {
        format!("{}/data", self.table)
    }

    /// The `number`th data file that one ingest writes for one organisation and day.
    pub(crate) fn data_file(&self, organisation: &Slug, day: Day, ingest: IngestId, number: u32) -> String {
        format!("{}/organisation={organisation}/sent_at_day={day}/{ingest}-{number}.parquet", self.data())
    }
}
