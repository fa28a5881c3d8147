//! The columns of `messages`: in the table with their Iceberg field ids, and as rows travel in this program.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use domain::dataset::MESSAGE_COLUMNS;

/// Iceberg field id of `organisation`; the nine [`MESSAGE_COLUMNS`] follow it, counting on.
pub const ORGANISATION_FIELD: i32 = 1;
/// Iceberg field id of `message_id`.
pub const MESSAGE_ID_FIELD: i32 = 2;
/// Iceberg field id of `sent_at`.
pub const SENT_AT_FIELD: i32 = 6;

const FIELD_ID: &str = "PARQUET:field_id";
const REQUIRED: [&str; 5] = ["organisation", "message_id", "sent_at", "kind", "text"];

/// The ten columns of a data file: organisation and then [`MESSAGE_COLUMNS`], each with its field id 1-10 as `PARQUET:field_id`.
pub fn table_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let names = std::iter::once("organisation").chain(MESSAGE_COLUMNS);
        let fields = names
            .zip(ORGANISATION_FIELD..)
            .map(|(name, id)| field(name).with_metadata(HashMap::from([(FIELD_ID.to_owned(), id.to_string())])));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

/// The nine columns of [`MESSAGE_COLUMNS`] in that order: strings as `Utf8`, times as microseconds in zone `UTC`.
pub fn message_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(MESSAGE_COLUMNS.map(field).to_vec())));
    Arc::clone(&SCHEMA)
}

fn field(name: &str) -> Field {
    let kind = match name {
        "sent_at" | "edited_at" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => DataType::Utf8,
    };
    Field::new(name, kind, !REQUIRED.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_ids_are_those_of_the_table() {
        let schema = table_schema();
        let listed: Vec<_> = schema
            .fields()
            .iter()
            .map(|f| (f.name().as_str(), f.metadata()[FIELD_ID].as_str(), f.is_nullable()))
            .collect();
        assert_eq!(
            listed,
            [
                ("organisation", "1", false),
                ("message_id", "2", false),
                ("channel", "3", true),
                ("thread", "4", true),
                ("sender", "5", true),
                ("sent_at", "6", false),
                ("edited_at", "7", true),
                ("kind", "8", false),
                ("text", "9", false),
                ("attributes", "10", true),
            ]
        );
    }
}
