//! A lake in a bucket of a real S3 server: machines that share nothing else but the catalog, and calls that fail.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use domain::filter::Filter;
use domain::ids::Slug;
use domain::random::Generator;
use domain::time::{Day, Micros};
use engines::{Fault, Rule};
use lake::ingest::{Compression, IngestOptions, Ingested, Input};
use lake::read::{Columns, OrderedRows, ReadLimits, ReadRequest};
use lake::storage::{Remote, Storage};
use lake::{Lake, LakeError, LakeOptions, LakeParts};
use rand_chacha::ChaCha8Rng;
use s3::{Bucket, S3Options};
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::support::{World, clock, options};

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

async fn storage(options: &S3Options) -> Remote {
    let random = Arc::new(Generator::<ChaCha8Rng>::seeded(1));
    s3::lake::storage(Bucket::open(options, clock(), random).await.unwrap(), Handle::current())
}

async fn empty() -> Option<(Arc<dyn Storage>, engines::Bucket)> {
    let bucket = engines::Bucket::fresh()?;
    Some((Arc::new(storage(&options(&bucket)).await), bucket))
}

lake::storage_contract!(empty);

/// A machine with work of its own and the catalog of `shared`.
async fn machine(storage: &Remote, shared: &Path, number: u64) -> Lake {
    let parts = LakeParts::in_folder(shared, Duration::from_secs(10)).await.unwrap();
    let (staging, orphan_age) = (shared.join(format!("machine-{number}")), LakeParts::ORPHAN_AGE);
    let parts = LakeParts { staging, storage: Arc::new(storage.clone()), orphan_age, ..parts };
    let random = Arc::new(Generator::<ChaCha8Rng>::seeded(number));
    Lake::open_with(parts, LakeOptions::default(), clock(), random).await.unwrap()
}

/// Hex digits that compress to about a half.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed;
    let digit = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from_digit((state >> 33) as u32 % 16, 16).unwrap()
    };
    (0..length).map(digit).collect()
}

async fn ingest(lake: &Lake, ids: std::ops::Range<u32>, days: u32, text_bytes: usize) -> Result<Ingested, LakeError> {
    let line = |id: u32| {
        let (day, text) = (id % days + 1, noise(u64::from(id), text_bytes));
        format!(r#"{{"message_id":"{id:06}","sent_at":"2024-03-0{day}T10:00:00.{id:06}Z","text":"{text}"}}"#)
    };
    let lines: Vec<_> = ids.map(line).collect();
    let input = Input::Stream(Box::new(Cursor::new(lines.join("\n"))), Compression::Plain);
    lake.ingest(&slug("acme"), input, IngestOptions::default()).await
}

/// The message ids of all rows, in their order.
async fn read(lake: &Lake) -> Result<Vec<String>, LakeError> {
    let plan = lake.plan_now(&slug("acme"), Day::MIN, Day::MAX).await?;
    let folder = tempfile::tempdir().unwrap();
    let request = ReadRequest {
        store: lake.blocks(),
        organisation: slug("acme"),
        files: plan.days.into_iter().flat_map(|day| day.files).collect(),
        start: Micros::MIN,
        end: Micros::MAX.plus(1),
        filter: Filter::default(),
        columns: Columns::ALL,
        spill_folder: folder.path().to_owned(),
        limits: ReadLimits::default(),
    };
    let rows = move || {
        let mut found = Vec::new();
        for batch in OrderedRows::open(request)? {
            let batch = batch?;
            found.extend(batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
        }
        drop(folder);
        Ok(found)
    };
    tokio::task::spawn_blocking(rows).await.unwrap()
}

fn world() -> Option<(World, TempDir)> {
    Some((World::new()?, tempfile::tempdir().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_ingest_at_once_and_read_each_other() {
    let Some((World { bucket, .. }, folder)) = world() else { return };
    let storage = storage(&options(&bucket)).await;
    let machines = [machine(&storage, folder.path(), 1).await, machine(&storage, folder.path(), 2).await];
    let (one, other) = tokio::join!(ingest(&machines[0], 0..500, 3, 50), ingest(&machines[1], 500..1_000, 3, 50));
    assert_eq!((one.unwrap().accepted, other.unwrap().accepted), (500, 500));
    for lake in &machines {
        let ids: BTreeSet<String> = read(lake).await.unwrap().into_iter().collect();
        assert_eq!(ids.len(), 1_000);
        let report = lake.check().await.unwrap();
        assert_eq!((report.problems, report.orphans), (Vec::new(), Vec::new()));
        assert_eq!((report.files, report.rows), (6, 1_000));
        assert!(lake.stats().await.unwrap().metadata_bytes > 1_000);
    }
    assert!(bucket.keys("").iter().all(|key| key.starts_with("outhaul/test/lake/messages/")));
    if let Ok(python) = std::env::var("OUTHAUL_TEST_PYTHON") {
        scan(&python, &bucket, folder.path());
    } else {
        engines::left_out("pyiceberg on S3: no OUTHAUL_TEST_PYTHON");
    }
}

/// Another engine finds the same rows by the catalog and the objects alone.
fn scan(python: &str, bucket: &engines::Bucket, data: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/readers/iceberg_scan.py");
    let mut command = Command::new(python);
    command.arg(script).arg("--data").arg(data).args(["--org", "acme", "--s3-endpoint", bucket.endpoint()]);
    command.env("AWS_ACCESS_KEY_ID", bucket.access_key()).env("AWS_SECRET_ACCESS_KEY", bucket.secret_key());
    let output = command.env("AWS_REGION", bucket.region()).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("\"rows\": 1000,"), "{said}{errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_is_borne() {
    let Some((world, folder)) = world() else { return };
    let (faults, through) = (&world.faults, storage(&world.options()).await);
    let lake = machine(&through, folder.path(), 1).await;
    faults.add(Rule::new(Fault::LoseAnswer).on("PutObject").percent(8, 1));
    faults.add(Rule::new(Fault::SLOW_DOWN).percent(8, 2));
    assert_eq!(ingest(&lake, 0..300, 3, 50).await.unwrap().accepted, 300);
    faults.clear();
    faults.add(Rule::new(Fault::CutBody { after_bytes: 100 }).on("GetObject").percent(8, 3));
    faults.add(Rule::new(Fault::SLOW_DOWN).percent(8, 4));
    let again = machine(&through, folder.path(), 2).await;
    assert_eq!(read(&again).await.unwrap().len(), 300);
    faults.clear();
    let data = |call: &engines::Call| call.operation() == "GetObject" && call.path().contains("/data/");
    faults.add(Rule::new(Fault::FlipBit).when(data).times(2));
    assert_eq!(read(&again).await.unwrap().len(), 300);
    assert!(faults.broken() > 0 && faults.most_tries() <= 5, "{} tries", faults.most_tries());
    faults.clear();
    let report = lake.check().await.unwrap();
    assert_eq!((report.problems, report.orphans, report.rows), (Vec::new(), Vec::new(), 300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_the_bucket_is_found_and_named() {
    let Some((World { bucket, .. }, folder)) = world() else { return };
    let lake = machine(&storage(&options(&bucket)).await, folder.path(), 1).await;
    ingest(&lake, 0..100, 1, 50).await.unwrap();
    let keys = bucket.keys("outhaul/test/lake/messages/data/");
    let key = keys.iter().find(|key| key.ends_with(".parquet")).unwrap();
    let mut bytes = bucket.get(key).unwrap();
    bytes[100] ^= 4;
    bucket.put(key, &bytes);
    assert!(matches!(read(&lake).await, Err(LakeError::Corrupt { path, .. }) if path.ends_with(key)));
    let problems = lake.check().await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].place.ends_with(key), "{problems:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_goes_up_in_parts_and_comes_down_in_few_requests() {
    let Some((world, folder)) = world() else { return };
    let (bucket, faults) = (&world.bucket, &world.faults);
    let lake = machine(&storage(&world.options()).await, folder.path(), 1).await;
    ingest(&lake, 0..24_000, 1, 1_000).await.unwrap();
    let parts = faults.tries().iter().filter(|(call, _)| call.operation() == "UploadPart").count();
    assert!(parts >= 2, "{parts} parts");
    assert_eq!(bucket.uploads(), Vec::<String>::new());
    faults.count_anew();
    assert_eq!(read(&lake).await.unwrap().len(), 24_000);
    let gets = faults.tries().iter().filter(|(call, _)| call.path().contains("/data/")).count();
    let bytes = lake.stats().await.unwrap().organisations[0].bytes;
    assert!(bytes > 10 << 20 && gets as u64 <= bytes / (1 << 20) + 8, "{gets} gets for {bytes} bytes");
}
