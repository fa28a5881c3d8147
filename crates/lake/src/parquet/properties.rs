//! How the columns of a data file are encoded.

use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::WriteLimits;

const CREATED_BY: &str = "outhaul";
const ZSTD_LEVEL: i32 = 3;
/// Columns whose values repeat. The others would only pay for the attempt, and texts in a dictionary would decode to many
/// times what a row group may hold.
const DICTIONARY: [&str; 5] = ["organisation", "channel", "thread", "sender", "kind"];
/// A reader holds one dictionary for each open column.
const DICTIONARY_BYTES: usize = 128 << 10;
/// The columns with bounds. Nothing of the others leaks into the metadata.
const BOUNDED: [&str; 3] = ["organisation", "message_id", "sent_at"];
/// Longer than any organisation, so that its bounds are never cut.
const BOUND_BYTES: usize = 64;

/// The properties of every data file: zstd, both page indexes, no statistics in page headers.
pub fn writer_properties(limits: WriteLimits) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("a level that zstd has");
    let mut properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(limits.row_group_rows))
        .set_data_page_row_count_limit(limits.page_rows)
        .set_data_page_size_limit(limits.page_bytes)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_statistics_truncate_length(Some(BOUND_BYTES))
        .set_column_index_truncate_length(Some(BOUND_BYTES));
    for column in DICTIONARY {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), true);
    }
    for column in BOUNDED {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Page);
    }
    properties.build()
}
