//! The Iceberg side of the table's shape: columns, partitions, sort order, properties.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use iceberg::TableCreation;
use iceberg::spec::{
    FormatVersion, NestedField, NestedFieldRef, NullOrder, PartitionSpec, PrimitiveType, Schema, SortDirection,
    SortField, SortOrder, TableMetadata, Transform, Type, UnboundPartitionSpec,
};

use crate::error::LakeError;
use crate::schema::{MESSAGE_ID_FIELD, ORGANISATION_FIELD, SENT_AT_FIELD, table_schema};

/// Name of the partition field that is the UTC day of `sent_at`.
const DAY_PARTITION: &str = "sent_at_day";

/// What a new table is made from. `metadata_versions` is how many old metadata files stay listed and kept.
pub(crate) fn creation(location: String, metadata_versions: usize) -> Result<TableCreation, LakeError> {
    let schema = Schema::builder().with_fields(fields()).build()?;
    let partitions = UnboundPartitionSpec::builder()
        .add_partition_field(ORGANISATION_FIELD, "organisation", Transform::Identity)?
        .add_partition_field(SENT_AT_FIELD, DAY_PARTITION, Transform::Day)?
        .build();
    let order = [SENT_AT_FIELD, MESSAGE_ID_FIELD].map(|source_id| {
        let ascending = SortField::builder().source_id(source_id).transform(Transform::Identity);
        ascending.direction(SortDirection::Ascending).null_order(NullOrder::First).build()
    });
    let order = SortOrder::builder().with_fields(order.to_vec()).build(&schema)?;
    Ok(TableCreation::builder()
        .name(crate::catalog::TABLE.to_owned())
        .location(location)
        .schema(schema)
        .partition_spec(partitions)
        .sort_order(order)
        .properties(properties(metadata_versions))
        .format_version(FormatVersion::V2)
        .build())
}

fn fields() -> Vec<NestedFieldRef> {
    let arrow = table_schema();
    let one = |(field, id): (&Arc<Field>, i32)| {
        let kind = match field.data_type() {
            DataType::Timestamp(..) => PrimitiveType::Timestamptz,
            _ => PrimitiveType::String,
        };
        Arc::new(NestedField::new(id, field.name(), Type::Primitive(kind), !field.is_nullable()))
    };
    arrow.fields().iter().zip(ORGANISATION_FIELD..).map(one).collect()
}

/// Properties for other engines' writers; our own follow the same rules.
fn properties(metadata_versions: usize) -> HashMap<String, String> {
    let versions = metadata_versions.to_string();
    let pairs = [
        ("write.metadata.delete-after-commit.enabled", "true"),
        ("write.metadata.previous-versions-max", &versions),
        ("write.metadata.metrics.default", "none"),
        ("write.metadata.metrics.column.organisation", "full"),
        ("write.metadata.metrics.column.message_id", "truncate(16)"),
        ("write.metadata.metrics.column.sent_at", "full"),
        ("write.parquet.compression-codec", "zstd"),
        ("commit.retry.num-retries", "20"),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Whether a partition spec is the one every table of ours has: identity(organisation), day(sent_at).
pub(crate) fn is_ours(spec: &PartitionSpec) -> bool {
    let fields: Vec<_> = spec.fields().iter().map(|field| (field.source_id, field.transform)).collect();
    fields == [(ORGANISATION_FIELD, Transform::Identity), (SENT_AT_FIELD, Transform::Day)]
}

/// Refuses a table that another engine changed into something this program would write or read wrongly.
pub(crate) fn verify(metadata: &TableMetadata) -> Result<(), LakeError> {
    let wrong = |what: &str| Err(LakeError::Unusable(format!("another engine changed the table's {what}")));
    let schema = metadata.current_schema();
    let same = |ours: &NestedFieldRef| {
        schema
            .field_by_id(ours.id)
            .is_some_and(|f| (&f.name, f.required, &f.field_type) == (&ours.name, ours.required, &ours.field_type))
    };
    match metadata {
        _ if metadata.format_version() != FormatVersion::V2 => wrong("format version"),
        _ if !fields().iter().all(same) => wrong("columns"),
        _ if !is_ours(metadata.default_partition_spec()) => wrong("partitions"),
        _ if metadata.current_snapshot().is_none() => wrong("current snapshot to none"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use iceberg::spec::TableMetadataBuilder;

    use super::*;

    #[test]
    fn a_new_table_keeps_the_field_ids_of_the_files() {
        let creation = creation("file:///lake/messages".to_owned(), 10).unwrap();
        let metadata = TableMetadataBuilder::from_table_creation(creation).unwrap().build().unwrap().metadata;
        let schema = metadata.current_schema();
        for (ours, id) in table_schema().fields().iter().zip(1..) {
            let field = schema.field_by_id(id).unwrap();
            assert_eq!((&field.name, field.required), (ours.name(), !ours.is_nullable()));
        }
        assert!(is_ours(metadata.default_partition_spec()));
        assert_eq!(metadata.default_partition_spec().fields()[1].name, "sent_at_day");
        assert_eq!(metadata.default_sort_order().fields.len(), 2);
        let text = serde_json::to_value(&metadata).unwrap();
        assert_eq!(text["schemas"][0]["fields"][5]["type"], "timestamptz");
    }

    #[test]
    fn a_table_without_a_snapshot_or_with_other_partitions_is_refused() {
        let creation = creation("file:///lake/messages".to_owned(), 10).unwrap();
        let builder = TableMetadataBuilder::from_table_creation(creation).unwrap();
        let bare = builder.build().unwrap().metadata;
        assert!(matches!(verify(&bare), Err(LakeError::Unusable(what)) if what.contains("snapshot")));
        let other = UnboundPartitionSpec::builder()
            .add_partition_field(SENT_AT_FIELD, "month", Transform::Month)
            .unwrap()
            .build();
        let other = bare.into_builder(None).add_default_partition_spec(other).unwrap().build().unwrap().metadata;
        assert!(matches!(verify(&other), Err(LakeError::Unusable(what)) if what.contains("partitions")));
    }
}
