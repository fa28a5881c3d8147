//! What the tests of this crate share: a lake in a temporary folder, and data files that only pretend to be there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::clock::ManualClock;
use domain::ids::Slug;
use domain::random::Generator;
use domain::time::{Day, Micros, SECOND};
use rand_chacha::ChaCha8Rng;

use crate::catalog::{BatchKey, NewBatch};
use crate::check::CheckReport;
use crate::disk;
use crate::file::{DataFile, FileMetrics, SUMS_SUFFIX, WrittenFile};
use crate::lake::{Lake, LakeOptions};
use crate::staging::Staging;
use crate::table::commit::{Change, Committed, Kind};

/// The time at which tests begin: 2024-10-04.
pub(crate) const START: Micros = Micros(20_000 * 86_400 * SECOND);

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// Opens the lake of a folder, with randomness of its own.
pub(crate) async fn lake_with(folder: &Path, seed: u64, options: LakeOptions) -> Lake {
    let (clock, random) = (ManualClock::at(START), Generator::<ChaCha8Rng>::seeded(seed));
    Lake::open(folder, options, Arc::new(clock), Arc::new(random)).await.unwrap()
}

pub(crate) async fn lake(folder: &Path, seed: u64) -> Lake {
    lake_with(folder, seed, LakeOptions::default()).await
}

/// A data file as its writer would describe it.
pub(crate) fn invented(path: String, organisation: &Slug, day: Day, rows: u64) -> WrittenFile {
    let first_sent_at = day.utc_start().plus_seconds(60);
    let last_sent_at = first_sent_at.plus_seconds(rows);
    let organisation = organisation.clone();
    let file = DataFile { path, organisation, day, rows, bytes: rows * 100, first_sent_at, last_sent_at };
    let counts: BTreeMap<i32, u64> = (1..=10).map(|id| (id, rows)).collect();
    let metrics = FileMetrics {
        column_sizes: counts.clone(),
        value_counts: counts,
        null_value_counts: BTreeMap::from([(3, 0), (10, rows)]),
        message_id_lower: "a".to_owned(),
        message_id_upper: Some("b".to_owned()),
        split_offsets: vec![4],
    };
    WrittenFile { file, metrics }
}

/// Announces files of an ingest as its final ones and puts something in their place.
pub(crate) fn place(lake: &Lake, staging: &Staging, organisation: &Slug, days: &[(i32, u64)]) -> Vec<WrittenFile> {
    let written = days.iter().zip(0..).map(|((day, rows), number)| {
        let path = lake.data_file(organisation, Day(*day), staging.id(), number);
        let sums = format!("{path}{SUMS_SUFFIX}");
        staging.announce(&[&path, &sums]).unwrap();
        for path in [&path, &sums] {
            let temporary = staging.folder().join(Path::new(path).file_name().unwrap());
            disk::write_file(path.as_ref(), &temporary, b"rows").unwrap();
        }
        invented(path, organisation, Day(*day), *rows)
    });
    written.collect()
}

pub(crate) fn new_batch(organisation: &Slug, key: &str, accepted: u64) -> NewBatch {
    NewBatch { key: BatchKey { organisation: organisation.clone(), key: key.to_owned() }, accepted, refused: 0 }
}

/// One ingest of some rows for some days.
pub(crate) async fn ingest(lake: &Lake, organisation: &str, key: &str, days: &[(i32, u64)]) -> Committed {
    let (organisation, staging) = (slug(organisation), lake.staging().await.unwrap());
    let files = place(lake, &staging, &organisation, days);
    let batch = new_batch(&organisation, key, days.iter().map(|(_, rows)| rows).sum());
    lake.commit_ingest(staging, batch, files).await.unwrap()
}

/// One change without a batch.
pub(crate) fn change(kind: Kind, add: Vec<WrittenFile>, remove: Vec<DataFile>) -> Change {
    Change { kind, add, remove, batch: None }
}

/// Everything of an organisation in the current snapshot, as (day, rows, greatest sequence, files).
pub(crate) async fn days(lake: &Lake, organisation: &str) -> Vec<(i32, u64, i64, usize)> {
    let snapshot = lake.current_snapshot().await.unwrap();
    let plan = lake.plan(snapshot, &slug(organisation), Day::MIN, Day::MAX).await.unwrap();
    plan.days.iter().map(|day| (day.day.0, day.rows, day.greatest_sequence, day.files.len())).collect()
}

/// Asserts that nothing lies in the lake that the table does not name, and nothing in staging. Returns the report.
pub(crate) async fn assert_tidy(lake: &Lake) -> CheckReport {
    let report = lake.check().await.unwrap();
    assert_eq!(report.orphans, Vec::<String>::new());
    assert_eq!(crate::staging::folders(&lake.parts.staging).unwrap(), []);
    report
}
