//! A whole lake in an object store: machines that share nothing but the store and the catalog.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::time::Duration;

use domain::clock::ManualClock;
use domain::filter::Filter;
use domain::random::Generator;
use domain::time::{Day, Micros};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::ingest::{Compression, IngestOptions, Ingested, Input};
use crate::lake::{Lake, LakeOptions};
use crate::open::LakeParts;
use crate::read::{Columns, OrderedRows, ReadLimits, ReadRequest};
use crate::rows::Rows;
use crate::rows::testing::{Message, messages};
use crate::staging::Swept;
use crate::testing::{START, assert_tidy, slug};

/// One machine: work of its own, the catalog of `shared`.
async fn machine(storage: &Remote, shared: &Path, own: &Path, seed: u64) -> Result<Lake, LakeError> {
    let parts = LakeParts::in_folder(shared, Duration::from_secs(10)).await?;
    let (storage, orphan_age) = (Arc::new(storage.clone()), LakeParts::ORPHAN_AGE);
    let parts = LakeParts { staging: own.join("staging"), storage, orphan_age, ..parts };
    let (clock, random) = (ManualClock::at(START), Generator::<ChaCha8Rng>::seeded(seed));
    Lake::open_with(parts, LakeOptions::default(), Arc::new(clock), Arc::new(random)).await
}

async fn ingest(lake: &Lake, organisation: &str, ids: std::ops::Range<u32>) -> Result<Ingested, LakeError> {
    let line = |id| {
        let day = id % 3 + 1;
        format!(r#"{{"message_id":"{id:05}","sent_at":"2024-03-0{day}T10:00:00.{id:06}Z","text":"hello {id}"}}"#)
    };
    let lines: Vec<_> = ids.map(line).collect();
    let input = Input::Stream(Box::new(Cursor::new(lines.join("\n"))), Compression::Plain);
    lake.ingest(&slug(organisation), input, IngestOptions::default()).await
}

async fn read(lake: &Lake, organisation: &str) -> Result<Vec<Message>, LakeError> {
    let plan = lake.plan_now(&slug(organisation), Day::MIN, Day::MAX).await?;
    let folder = tempfile::tempdir().unwrap();
    let request = ReadRequest {
        store: lake.blocks(),
        organisation: slug(organisation),
        files: plan.days.into_iter().flat_map(|day| day.files).collect(),
        start: Micros::MIN,
        end: Micros(i64::MAX),
        filter: Filter::default(),
        columns: Columns::ALL,
        spill_folder: folder.path().to_owned(),
        limits: ReadLimits::default(),
    };
    blocking(move || {
        let mut found = Vec::new();
        for batch in OrderedRows::open(request)? {
            found.extend(messages(&Rows::new(&batch?)));
        }
        drop(folder);
        Ok(found)
    })
    .await
}

#[tokio::test]
async fn what_is_ingested_is_planned_read_and_whole() {
    let (storage, objects) = twin();
    let folder = tempfile::tempdir().unwrap();
    let lake = machine(&storage, folder.path(), folder.path(), 1).await.unwrap();
    assert_eq!(ingest(&lake, "a", 0..300).await.unwrap().accepted, 300);
    ingest(&lake, "b", 0..30).await.unwrap();
    let again = machine(&storage, folder.path(), folder.path(), 2).await.unwrap();
    objects.take_gets();
    let found = read(&again, "a").await.unwrap();
    assert_eq!(found.iter().map(|row| &row.message_id).collect::<BTreeSet<_>>().len(), 300);
    assert!(found.is_sorted());
    let data: Vec<_> = objects.take_gets().into_iter().filter(|(path, _)| path.contains("/data/")).collect();
    assert_eq!(data.len(), 3 * 2, "of three small files their sums and all of them: {data:?}");
    let report = assert_tidy(&again).await;
    assert_eq!((report.problems, report.files, report.rows), (Vec::new(), 6, 330));
    let pointer = again.parts.catalog.pointer().await.unwrap().unwrap().location;
    assert!(pointer.starts_with(&format!("{TABLE}/metadata/")), "{pointer}");
    assert!(again.stats().await.unwrap().metadata_bytes > 1_000);
    again.ping().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("lake/messages/data")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn machines_that_ingest_at_once_lose_nothing() {
    let (storage, _) = twin();
    let folder = tempfile::tempdir().unwrap();
    let mut machines = Vec::new();
    for seed in 0..3 {
        let own = folder.path().join(seed.to_string());
        machines.push(machine(&storage, folder.path(), &own, seed).await.unwrap());
    }
    let ingests = machines.iter().zip(0..).map(|(lake, n)| ingest(lake, "a", n * 100..n * 100 + 100));
    for done in futures::future::join_all(ingests).await {
        assert_eq!(done.unwrap().accepted, 100);
    }
    for lake in &machines {
        assert_eq!(read(lake, "a").await.unwrap().len(), 300);
        assert_eq!(assert_tidy(lake).await.problems, []);
    }
}

#[tokio::test]
async fn what_the_dead_leave_is_swept_on_their_machine_and_elsewhere_an_orphan_once_it_is_old() {
    let (storage, objects) = twin();
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own"), folder.path().join("other"));
    let dead = machine(&storage, folder.path(), &own, 1).await.unwrap();
    let staging = dead.staging().await.unwrap();
    let paths = ["", ".sums"].map(|end| format!("{}{end}", dead.data_file(&slug("a"), Day(1), staging.id(), 0)));
    staging.announce(&paths).unwrap();
    for path in &paths {
        objects.change(path, |bytes| bytes.push(1));
    }
    drop(staging);
    let orphans = |lake: Lake| async move { lake.check().await.unwrap().orphans };
    objects.set_written_at(START.minus_seconds(71 * 3600));
    assert_eq!(orphans(machine(&storage, folder.path(), &other, 2).await.unwrap()).await, Vec::<String>::new());
    objects.set_written_at(START.minus_seconds(73 * 3600));
    assert_eq!(orphans(machine(&storage, folder.path(), &other, 3).await.unwrap()).await, paths);
    assert_eq!(dead.check().await.unwrap().orphans, Vec::<String>::new());
    assert_eq!(dead.sweep().await.unwrap(), Swept { discarded: 1, ..Swept::default() });
    assert_tidy(&dead).await;
}

#[tokio::test]
async fn an_ingest_that_the_store_fails_leaves_nothing_and_may_be_made_again() {
    let (storage, objects) = twin();
    let folder = tempfile::tempdir().unwrap();
    let lake = machine(&storage, folder.path(), folder.path(), 1).await.unwrap();
    for fault in [Fault::Away, Fault::LostAnswer] {
        objects.fail(&[fault]);
        let failed = ingest(&lake, "a", 0..100).await.unwrap_err();
        assert!(failed.retryable(), "{failed}");
        assert_tidy(&lake).await;
    }
    assert_eq!(objects.faults_left(), 0);
    assert_eq!(ingest(&lake, "a", 0..100).await.unwrap().accepted, 100);
    assert!(ingest(&lake, "a", 0..100).await.unwrap().already_known);
    objects.fail(&[Fault::ShortRead, Fault::FlippedBit]);
    assert_eq!(read(&lake, "a").await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_catalog_of_another_table_is_refused_by_name() {
    let (storage, _) = twin();
    let folder = tempfile::tempdir().unwrap();
    drop(machine(&storage, folder.path(), folder.path(), 1).await.unwrap());
    let elsewhere = Remote::new(Arc::new(MemoryObjects::default()), "s3://other/lake/messages", Handle::current());
    let refused = machine(&elsewhere, folder.path(), folder.path(), 1).await.err().unwrap();
    let text = refused.to_string();
    assert!(text.contains(TABLE) && text.contains("s3://other/lake/messages"), "{text}");
    let local = crate::Lake::open(folder.path(), LakeOptions::default(), Arc::new(ManualClock::at(START)), {
        Arc::new(Generator::<ChaCha8Rng>::seeded(1))
    });
    assert!(matches!(local.await.err(), Some(LakeError::Unusable(_))));
}
