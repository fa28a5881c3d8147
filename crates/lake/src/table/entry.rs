//! One data file as Iceberg's manifests describe it, to and from this program's own description.

use std::collections::HashMap;

use domain::time::{Day, Micros};
use iceberg::spec::{
    DataContentType, DataFile as IcebergFile, DataFileBuilder, DataFileFormat, Datum, Literal, ManifestEntry,
    PrimitiveLiteral, Struct, TableMetadata,
};

use crate::error::LakeError;
use crate::file::{DataFile, WrittenFile};
use crate::schema::{MESSAGE_ID_FIELD, ORGANISATION_FIELD, SENT_AT_FIELD};
use crate::storage::{location, path_of};

/// The partition values of one data file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Partition {
    pub(crate) organisation: String,
    pub(crate) day: Day,
}

impl Partition {
    /// The partition of a file that was written under our partition spec.
    pub(crate) fn of(file: &IcebergFile) -> Result<Self, LakeError> {
        match file.partition().fields() {
            [
                Some(Literal::Primitive(PrimitiveLiteral::String(organisation))),
                Some(Literal::Primitive(PrimitiveLiteral::Int(day))),
            ] => Ok(Self { organisation: organisation.clone(), day: Day(*day) }),
            _ => Err(foreign(file, "has no organisation or no day")),
        }
    }
}

impl From<&DataFile> for Partition {
    fn from(file: &DataFile) -> Self {
        Self { organisation: file.organisation.to_string(), day: file.day }
    }
}

/// What a manifest of `metadata`'s table says of a file of ours. Bounds stand only where planning or other engines need them.
pub(crate) fn to_iceberg(written: &WrittenFile, metadata: &TableMetadata) -> Result<IcebergFile, LakeError> {
    let WrittenFile { file, metrics } = written;
    let partition = [Literal::string(&file.organisation), Literal::date(file.day.0)];
    let organisation = (ORGANISATION_FIELD, Datum::string(&file.organisation));
    let bound = |sent_at: Micros| (SENT_AT_FIELD, Datum::timestamptz_micros(sent_at.0));
    let message_id = |text: &String| (MESSAGE_ID_FIELD, Datum::string(text));
    let lower = [organisation.clone(), message_id(&metrics.message_id_lower), bound(file.first_sent_at)];
    let upper = [organisation, bound(file.last_sent_at)];
    let mut builder = DataFileBuilder::default();
    builder
        .content(DataContentType::Data)
        .file_path(location(&file.path))
        .file_format(DataFileFormat::Parquet)
        .partition(Struct::from_iter(partition.map(Some)))
        .partition_spec_id(metadata.default_partition_spec_id())
        .record_count(file.rows)
        .file_size_in_bytes(file.bytes)
        .column_sizes(metrics.column_sizes.clone().into_iter().collect())
        .value_counts(metrics.value_counts.clone().into_iter().collect())
        .null_value_counts(metrics.null_value_counts.clone().into_iter().collect())
        .lower_bounds(HashMap::from(lower))
        .upper_bounds(upper.into_iter().chain(metrics.message_id_upper.as_ref().map(message_id)).collect())
        .split_offsets(Some(metrics.split_offsets.clone()))
        .sort_order_id(i32::try_from(metadata.default_sort_order_id()).unwrap_or_default());
    builder.build().map_err(|error| LakeError::Unusable(error.to_string()))
}

/// The data file behind a live entry, which may be another engine's. Without bounds its day is its span.
pub(crate) fn to_data_file(entry: &ManifestEntry) -> Result<DataFile, LakeError> {
    let file = entry.data_file();
    if file.file_format() != DataFileFormat::Parquet {
        return Err(foreign(file, "is not a Parquet file"));
    }
    let Partition { organisation, day } = Partition::of(file)?;
    let organisation = organisation.parse().map_err(|_| foreign(file, "has an organisation that is none"))?;
    let bound = |bounds: &HashMap<i32, Datum>| match bounds.get(&SENT_AT_FIELD).map(Datum::literal) {
        Some(PrimitiveLiteral::Long(micros)) => Some(Micros(*micros)),
        _ => None,
    };
    Ok(DataFile {
        path: path_of(file.file_path()).to_owned(),
        organisation,
        day,
        rows: file.record_count(),
        bytes: file.file_size_in_bytes(),
        first_sent_at: bound(file.lower_bounds()).unwrap_or(day.utc_start()),
        last_sent_at: bound(file.upper_bounds()).unwrap_or(day.next().utc_start().plus(-1)),
    })
}

/// Refuses a file with the end of a sentence about it.
pub(crate) fn foreign(file: &IcebergFile, reason: &'static str) -> LakeError {
    LakeError::ForeignFile { path: path_of(file.file_path()).to_owned(), reason }
}
