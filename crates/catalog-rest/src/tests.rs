//! The suite on a real server, commits whose answers are lost, and other engines on the same table.

mod signed;

use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::clock::ManualClock;
use domain::finding::Verdict;
use domain::ids::Slug;
use domain::random::Random;
use domain::secret::Secret;
use domain::time::{Day, Micros};
use engines::{AwsFaults, Call, Fault, Rule, Warehouse, left_out};
use lake::catalog::{BatchKey, Catalog};
use lake::ingest::{Compression, IngestOptions, Ingested, Input};
use lake::storage::Objects;
use lake::storage::memory::MemoryObjects;
use lake::{Lake, LakeError, LakeOptions, LakeParts};
use serde_json::{Value, json};

use super::*;
use crate::body::NewCommit;
use crate::table;

/// A warehouse, a way to it that can be broken, and objects that all catalogs of the test share.
struct World {
    warehouse: Warehouse,
    faults: AwsFaults,
    objects: Arc<MemoryObjects>,
}

impl World {
    fn fresh() -> Option<Self> {
        let warehouse = Warehouse::fresh()?;
        let faults = AwsFaults::to(warehouse.catalog());
        Some(Self { warehouse, faults, objects: Arc::default() })
    }

    fn options(&self) -> RestOptions {
        let access = Access::Client {
            id: self.warehouse.client_id().to_owned(),
            secret: Secret::new(self.warehouse.client_secret()),
            scope: "catalog".to_owned(),
            uri: String::new(),
        };
        // The machine is busy with other tests.
        let answer = Duration::from_secs(20);
        let place = TablePlace::Catalog;
        let warehouse = self.warehouse.name();
        RestOptions { warehouse, access, place, answer, commit: answer, ..RestOptions::new(self.faults.endpoint()) }
    }

    fn catalog(&self) -> RestCatalog {
        self.catalog_with(self.options())
    }

    fn catalog_with(&self, options: RestOptions) -> RestCatalog {
        let objects: Arc<dyn Objects> = self.objects.clone();
        RestCatalog::new(options, objects, "memory://bucket/lake/catalog", Arc::new(clock()), Arc::new(Counter))
            .expect("good options")
    }

    /// A lake whose files lie in a folder.
    async fn lake(&self, folder: &Path) -> Lake {
        let parts = LakeParts::in_folder(folder, Duration::from_secs(5)).await.unwrap();
        let parts = LakeParts { catalog: Arc::new(self.catalog()), ..parts };
        Lake::open_with(parts, LakeOptions::default(), Arc::new(clock()), Arc::new(Counter)).await.unwrap()
    }
}

fn clock() -> ManualClock {
    ManualClock::at(Micros(1_800_000_000_000_000))
}

/// Never the same bytes twice, in any process: tests of one run share the server.
struct Counter;

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(count.iter().cycle()).for_each(|(byte, part)| *byte = *part);
    }
}

async fn empty() -> Option<(RestCatalog, World)> {
    let world = World::fresh()?;
    Some((world.catalog(), world))
}

lake::catalog_contract!(empty);

fn acme() -> Slug {
    "acme".parse().unwrap()
}

async fn ingest(lake: &Lake, number: usize) -> Result<Ingested, LakeError> {
    let line = format!("{{\"message_id\":\"{number}\",\"sent_at\":\"2024-01-01T00:00:00Z\",\"text\":\"t\"}}\n");
    let input = Input::Stream(Box::new(Cursor::new(line)), Compression::Plain);
    let options = IngestOptions { batch_key: Some(format!("key-{number}")), ..IngestOptions::default() };
    lake.ingest(&acme(), input, options).await
}

async fn rows(lake: &Lake) -> u64 {
    let plan = lake.plan_now(&acme(), Day::MIN, Day::MAX).await.unwrap();
    plan.days.iter().map(|day| day.rows).sum()
}

async fn assert_whole(lake: &Lake) {
    let report = lake.check().await.unwrap();
    assert_eq!((report.problems, report.orphans), (Vec::new(), Vec::new()));
}

fn is_commit(call: &Call) -> bool {
    call.method == "POST" && call.path().ends_with("/tables/messages")
}

/// Two lakes on one catalog, as two processes have them: the batches of both are in the table, each once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lakes_of_two_processes_share_it() {
    let Some(world) = World::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lakes = [world.lake(folder.path()).await, world.lake(folder.path()).await];
    let batches: Vec<_> = (0..12).map(|number| ingest(&lakes[number % 2], number)).collect();
    for done in futures::future::join_all(batches).await {
        assert!(!done.unwrap().already_known);
    }
    let again: Vec<_> = (0..12).map(|number| ingest(&lakes[(number + 1) % 2], number)).collect();
    for done in futures::future::join_all(again).await {
        assert!(done.unwrap().already_known);
    }
    for lake in &lakes {
        assert_eq!(rows(lake).await, 12);
        assert_whole(lake).await;
    }
}

/// The server makes the commit and nobody hears of it; or it hears of no commit; each is one batch in the end.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_made_once() {
    let Some(world) = World::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lake = world.lake(folder.path()).await;
    let faults = [Fault::LoseAnswer, Fault::LoseRequest, Fault::SLOW_DOWN, Fault::CutBody { after_bytes: 40 }];
    for (number, fault) in faults.into_iter().enumerate() {
        for times in [1, 2] {
            let broken = world.faults.broken();
            world.faults.add(Rule::new(fault).when(is_commit).times(times));
            assert!(!ingest(&lake, 10 * number + times as usize).await.unwrap().already_known, "{fault:?}");
            world.faults.clear();
            assert!(world.faults.broken() > broken, "{fault:?}");
        }
    }
    assert_eq!(rows(&lake).await, 8);
    assert_whole(&lake).await;
}

/// A commit that is given up after all its tries is fenced off: its files go, and the same batch can be brought in again.
#[tokio::test]
async fn a_commit_that_fails_leaves_nothing() {
    let Some(world) = World::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lake = world.lake(folder.path()).await;
    world.faults.add(Rule::new(Fault::LoseRequest).when(is_commit).times(3));
    let failed = ingest(&lake, 1).await.unwrap_err();
    assert!(failed.to_string().contains("catalog"), "{failed}");
    assert_eq!(rows(&lake).await, 0);
    assert_whole(&lake).await;
    let fences = table::load(&world.catalog().client).await.unwrap().unwrap().fences;
    assert_eq!(fences.len(), 1);
    assert!(!ingest(&lake, 1).await.unwrap().already_known);
    assert_eq!(rows(&lake).await, 1);
    assert_whole(&lake).await;
}

/// Sends what another engine might, without a word on any commit of ours.
async fn elsewhere(world: &World, requirements: Vec<Value>, updates: Vec<Value>) {
    let client = world.catalog().client;
    let answer = client.change(&table::path(&client), &NewCommit { requirements, updates }).await.unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// Whoever lets snapshots expire, the batches that came with them are known, and so is what won.
#[tokio::test]
async fn batches_outlive_their_snapshots() {
    let Some(world) = World::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lake = world.lake(folder.path()).await;
    for number in 0..3 {
        ingest(&lake, number).await.unwrap();
    }
    let catalog = world.catalog();
    let known = |number: usize| {
        let key = BatchKey { organisation: acme(), key: format!("key-{number}") };
        let catalog = &catalog;
        async move { catalog.batch(&key).await.unwrap() }
    };
    let before = [known(0).await, known(1).await, known(2).await];
    let metadata = table::load(&catalog.client).await.unwrap().unwrap().metadata;
    let current = metadata.current_snapshot_id();
    let old: Vec<i64> =
        metadata.snapshots().map(|snapshot| snapshot.snapshot_id()).filter(|id| Some(*id) != current).collect();
    elsewhere(&world, Vec::new(), vec![json!({"action": "remove-snapshots", "snapshot-ids": old})]).await;
    assert_eq!(table::load(&catalog.client).await.unwrap().unwrap().metadata.snapshots().len(), 1);
    assert_eq!([known(0).await, known(1).await, known(2).await], before);
    for batch in before {
        let batch = batch.unwrap();
        assert_eq!(catalog.committed(batch.ingest).await.unwrap(), Some(batch.snapshot_id));
        assert!(ingest(&lake, 0).await.unwrap().already_known);
    }
}

/// A table that was put back from a backup knows nothing of what came later, though the records of it are still there.
#[tokio::test]
async fn a_restore_forgets_what_came_later() {
    let Some(world) = World::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lake = world.lake(folder.path()).await;
    ingest(&lake, 0).await.unwrap();
    let backup = table::load(&world.catalog().client).await.unwrap().unwrap().metadata;
    ingest(&lake, 1).await.unwrap();
    let catalog = world.catalog();
    catalog.forget_behind(backup.last_sequence_number()).await.unwrap();
    let record = |number| crate::records::digest(&BatchKey { organisation: acme(), key: format!("key-{number}") });
    assert!(catalog.records.batch(&record(0)).await.unwrap().is_some());
    assert!(catalog.records.batch(&record(1)).await.unwrap().is_none());
}

/// pyiceberg finds the table through the same catalog, with the same rows.
#[tokio::test]
async fn another_engine_reads_the_same_table() {
    let Some(world) = World::fresh() else { return };
    let Some(python) = std::env::var_os("OUTHAUL_TEST_PYTHON") else { return left_out("pyiceberg") };
    let folder = tempfile::tempdir().unwrap();
    let lake = world.lake(folder.path()).await;
    for number in 0..3 {
        ingest(&lake, number).await.unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/readers/iceberg_scan.py");
    let credential = format!("{}:{}", world.warehouse.client_id(), world.warehouse.client_secret());
    let read = Command::new(python)
        .args([script, "--org", "acme", "--rest", world.warehouse.catalog(), "--warehouse", &world.warehouse.name()])
        .env("OUTHAUL_TEST_CREDENTIAL", credential)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&read.stdout).unwrap_or_else(|_| {
        panic!("{}", String::from_utf8_lossy(&read.stderr));
    });
    let snapshot = lake.current_snapshot().await.unwrap().to_string();
    assert_eq!((&said["rows"], &said["snapshot"]), (&json!(3), &json!(snapshot)));
}

/// One that is away is not waited for longer than a call may take, and may be asked again.
#[tokio::test]
async fn a_catalog_that_is_away_is_named_soon() {
    let Some(world) = World::fresh() else { return };
    let patience = Duration::from_millis(400);
    let catalog = world.catalog_with(RestOptions { answer: patience, ..world.options() });
    for fault in [Fault::LoseRequest, Fault::SLOW_DOWN, Fault::Delay(Duration::from_secs(3))] {
        world.faults.add(Rule::new(fault));
        let away = tokio::time::timeout(Duration::from_secs(2), catalog.pointer()).await.expect("an end").unwrap_err();
        assert!(away.retryable(), "{fault:?}: {away:?}");
        world.faults.clear();
    }
    let patient = world.catalog();
    assert!(patient.pointer().await.unwrap().is_none());
}

/// Whoever is not known hears it at once, and no secret is repeated.
#[tokio::test]
async fn a_wrong_secret_is_no_passing_fault() {
    let Some(world) = World::fresh() else { return };
    let wrong = |access| world.catalog_with(RestOptions { access, ..world.options() });
    let id = world.warehouse.client_id().to_owned();
    let client = Access::Client { id, secret: Secret::new("canary"), scope: String::new(), uri: String::new() };
    for access in [client, Access::Token(Secret::new("canary")), Access::Open] {
        let catalog = wrong(access);
        let refused = catalog.pointer().await.unwrap_err();
        assert!(!refused.retryable(), "{refused:?}");
        assert!(!format!("{refused:?} {catalog:?}").contains("canary"));
        let findings = catalog.check(&clock()).await;
        assert!(findings.iter().any(|finding| finding.verdict == Verdict::Fail), "{findings:?}");
    }
}

/// What a doctor hears before and after the table is made.
#[tokio::test]
async fn a_doctor_is_told_how_it_stands() {
    let Some(world) = World::fresh() else { return };
    let verdicts = |findings: Vec<domain::finding::Finding>| -> Vec<_> {
        let told = findings.into_iter().filter(|finding| finding.what != "catalog clock");
        told.map(|finding| (finding.what, finding.verdict)).collect()
    };
    let before = verdicts(world.catalog().check(&clock()).await);
    assert_eq!(before, [("catalog reachable", Verdict::Ok), ("catalog table", Verdict::Warn)]);
    let folder = tempfile::tempdir().unwrap();
    let lake = world.lake(folder.path()).await;
    let after = verdicts(world.catalog().check(&clock()).await);
    let fine = ["catalog reachable", "catalog table", "catalog rights"].map(|what| (what, Verdict::Ok));
    assert_eq!(after, fine);
    assert_eq!(rows(&lake).await, 0);
}
