//! A pruned plan is what a full scan finds, and what cannot be read exactly is refused.

use std::collections::BTreeMap;

use futures::executor::block_on;
use iceberg::io::FileIO;
use iceberg::spec::{
    DataContentType, DataFileBuilder, DataFileFormat, Literal, ManifestWriterBuilder, PartitionSpec, Struct,
    TableMetadata, TableMetadataBuilder,
};
use proptest::prelude::*;

use super::*;
use crate::table::entry::to_iceberg;
use crate::table::manifests::{Line, write};
use crate::table::schema::creation;
use crate::testing::{invented, slug};

const ORGANISATIONS: [&str; 4] = ["a", "a-b", "b", "zz"];

fn metadata() -> TableMetadata {
    let creation = creation("memory:///lake".to_owned(), 10).unwrap();
    TableMetadataBuilder::from_table_creation(creation).unwrap().build().unwrap().metadata
}

fn spec(metadata: &TableMetadata) -> Option<&PartitionSpec> {
    Some(metadata.default_partition_spec().as_ref())
}

/// Plans over manifests as the loader does. Returns how many of them were opened, too.
fn plan(
    io: &FileIO,
    manifests: &[ManifestFile],
    organisation: &str,
    first: i32,
    last: i32,
) -> Result<(Plan, usize), LakeError> {
    let (metadata, organisation) = (metadata(), slug(organisation));
    let mut planner = Planner::new(1, &organisation, Day(first), Day(last));
    let mut opened = 0;
    for manifest in manifests {
        if planner.needs(manifest, spec(&metadata))? {
            opened += 1;
            planner.add(block_on(manifest.load_manifest(io)).unwrap().entries())?;
        }
    }
    Ok((planner.finish(), opened))
}

/// Writes a manifest with the given files (organisation, day, rows), committed as number `sequence`.
fn manifest(io: &FileIO, sequence: i64, files: &[(usize, i32, u64)]) -> ManifestFile {
    let metadata = metadata();
    let line = |(number, (organisation, day, rows)): (usize, &(usize, i32, u64))| {
        let path = format!("/{sequence}-{number}.parquet");
        let written = invented(path, &slug(ORGANISATIONS[*organisation]), Day(*day), *rows);
        Line::Added(Box::new(to_iceberg(&written, &metadata).unwrap()), None)
    };
    let lines = files.iter().enumerate().map(line).collect();
    let location = format!("memory:///m{sequence}.avro");
    let mut manifest = block_on(write(io, &location, &metadata, sequence, lines)).unwrap();
    (manifest.sequence_number, manifest.min_sequence_number) = (sequence, sequence);
    manifest
}

/// What planning means, without any pruning: (day, rows, greatest sequence, paths).
fn naive(
    groups: &[Vec<(usize, i32, u64)>],
    organisation: usize,
    first: i32,
    last: i32,
) -> Vec<(i32, u64, i64, Vec<String>)> {
    let mut days = BTreeMap::<i32, (u64, i64, Vec<String>)>::new();
    for (group, sequence) in groups.iter().zip(1..) {
        for (number, (whose, day, rows)) in group.iter().enumerate() {
            if *whose == organisation && (first..=last).contains(day) {
                let entry = days.entry(*day).or_default();
                (entry.0, entry.1) = (entry.0 + rows, sequence);
                entry.2.push(format!("/{sequence}-{number}.parquet"));
            }
        }
    }
    let sorted = days.into_iter().map(|(day, (rows, sequence, mut paths))| {
        paths.sort();
        (day, rows, sequence, paths)
    });
    sorted.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_plan_is_what_a_full_scan_finds(
        groups in prop::collection::vec(prop::collection::vec((0_usize..4, -5_i32..25, 1_u64..9), 1..12), 0..8),
        organisation in 0_usize..4,
        first in -8_i32..28,
        days in 0_i32..30,
    ) {
        let io = FileIO::new_with_memory();
        let manifests: Vec<_> = groups.iter().zip(1..).map(|(files, number)| manifest(&io, number, files)).collect();
        let (plan, opened) = plan(&io, &manifests, ORGANISATIONS[organisation], first, first + days).unwrap();
        let expected = naive(&groups, organisation, first, first + days);
        let planned: Vec<_> = plan.days.iter().map(|day| {
            let paths = day.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
            (day.day.0, day.rows, day.greatest_sequence, paths)
        }).collect();
        prop_assert_eq!(planned, expected);
        // Summaries are exact at their ends, so what lies wholly outside is never opened.
        let outside = groups.iter().filter(|files| {
            files.iter().all(|file| file.1 < first) || files.iter().all(|file| file.1 > first + days)
        });
        prop_assert!(opened + outside.count() <= manifests.len());
    }
}

/// A manifest with one file that another engine wrote.
fn foreign(io: &FileIO, content: DataContentType, format: DataFileFormat, organisation: &str) -> ManifestFile {
    let metadata = metadata();
    let file = DataFileBuilder::default()
        .content(content)
        .file_path("file:/elsewhere/file".to_owned())
        .file_format(format)
        .partition(Struct::from_iter([Some(Literal::string(organisation)), Some(Literal::date(3))]))
        .record_count(2)
        .file_size_in_bytes(7)
        .build()
        .unwrap();
    let output = io.new_output("memory:///foreign.avro").unwrap();
    let (schema, spec) = (metadata.current_schema().clone(), metadata.default_partition_spec().as_ref().clone());
    let builder = ManifestWriterBuilder::new(output, Some(1), schema, spec);
    let mut writer = match content {
        DataContentType::Data => builder.build_v2_data(),
        _ => builder.build_v2_deletes(),
    };
    writer.add_file(file, 1).unwrap();
    let mut manifest = block_on(writer.write_manifest_file()).unwrap();
    (manifest.sequence_number, manifest.min_sequence_number) = (1, 1);
    manifest
}

#[test]
fn deletes_of_another_engine_are_refused_where_they_may_cover_what_is_asked() {
    let io = FileIO::new_with_memory();
    for content in [DataContentType::PositionDeletes, DataContentType::EqualityDeletes] {
        let manifests = [manifest(&io, 1, &[(0, 3, 1)]), foreign(&io, content, DataFileFormat::Parquet, "a")];
        let refused = plan(&io, &manifests, "a", 3, 4).unwrap_err();
        assert!(matches!(&refused, LakeError::ForeignDeletes { path, .. } if path.ends_with("/file")), "{refused}");
        assert_eq!(plan(&io, &manifests, "a", 4, 5).unwrap().0.days, []);
        assert_eq!(plan(&io, &manifests, "b", 3, 4).unwrap().0.days, []);
    }
}

#[test]
fn other_formats_and_other_partitions_are_refused() {
    let io = FileIO::new_with_memory();
    let orc = [foreign(&io, DataContentType::Data, DataFileFormat::Orc, "a")];
    assert!(matches!(plan(&io, &orc, "a", 3, 3), Err(LakeError::ForeignFile { reason: "is not a Parquet file", .. })));
    let organisation = slug("a");
    let planner = Planner::new(1, &organisation, Day(3), Day(3));
    let unpartitioned = PartitionSpec::unpartition_spec();
    for other in [None, Some(&unpartitioned)] {
        assert!(matches!(planner.needs(&orc[0], other), Err(LakeError::ForeignFile { .. })));
    }
    let deletes = foreign(&io, DataContentType::EqualityDeletes, DataFileFormat::Parquet, "b");
    assert!(matches!(planner.needs(&deletes, Some(&unpartitioned)), Err(LakeError::ForeignDeletes { .. })));
    let emptied = ManifestFile { added_files_count: Some(0), existing_files_count: Some(0), ..deletes };
    assert!(!planner.needs(&emptied, Some(&unpartitioned)).unwrap());
}

#[test]
fn a_file_without_bounds_may_span_its_whole_day() {
    let io = FileIO::new_with_memory();
    let manifests = [foreign(&io, DataContentType::Data, DataFileFormat::Parquet, "a")];
    let (plan, _) = plan(&io, &manifests, "a", 3, 3).unwrap();
    let file = &plan.days[0].files[0];
    assert_eq!((file.path.as_str(), file.rows, file.bytes), ("/elsewhere/file", 2, 7));
    assert_eq!((file.first_sent_at, file.last_sent_at), (Day(3).utc_start(), Day(4).utc_start().plus(-1)));
}

#[test]
fn a_manifest_without_summaries_is_opened() {
    let io = FileIO::new_with_memory();
    let manifest = ManifestFile { partitions: None, ..manifest(&io, 1, &[(0, 3, 1)]) };
    let (organisation, metadata) = (slug("zz"), metadata());
    let planner = Planner::new(1, &organisation, Day(900), Day(901));
    assert!(planner.needs(&manifest, spec(&metadata)).unwrap());
}
