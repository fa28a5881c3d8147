//! The table through its life: made once, appended to from many sides, merged, rewritten, cut off halfway.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{ExportId, IngestId};
use domain::time::Day;
use iceberg::spec::{MAIN_BRANCH, Operation, Snapshot, Summary};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::commit::{CommitLimits, Committed, Kind};
use super::load::manifest_list;
use super::manifests::MergeLimits;
use crate::catalog::{Commit, Pin, Swapped, TableChange};
use crate::error::LakeError;
use crate::file::DataFile;
use crate::lake::{Lake, LakeOptions};
use crate::staging::Staging;
use crate::storage::{file_io, location};
use crate::testing::{START, assert_tidy, change, days, ingest, invented, lake, lake_with, new_batch, place, slug};

async fn files(lake: &Lake, organisation: &str) -> Vec<DataFile> {
    let snapshot = lake.current_snapshot().await.unwrap();
    let plan = lake.plan(snapshot, &slug(organisation), Day::MIN, Day::MAX).await.unwrap();
    plan.days.into_iter().flat_map(|day| day.files).collect()
}

async fn manifests(lake: &Lake) -> usize {
    let version = lake.version().await.unwrap();
    let list = manifest_list(&lake.io, &version.metadata, version.current().unwrap()).await.unwrap();
    list.len()
}

#[tokio::test]
async fn a_new_lake_is_empty_and_stays_the_same_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = lake(folder.path(), 1).await;
    let snapshot = first.current_snapshot().await.unwrap();
    assert_eq!(days(&first, "o").await, []);
    let again = lake(folder.path(), 2).await;
    assert_eq!(again.current_snapshot().await.unwrap(), snapshot);
    assert_eq!(again.lineage(snapshot).await.unwrap(), first.lineage(snapshot).await.unwrap());
    assert_eq!(assert_tidy(&again).await.problems, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_open_a_new_folder_together_make_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut opening = JoinSet::new();
    for seed in 0..6 {
        let path = folder.path().to_owned();
        opening.spawn(async move { lake(&path, seed).await.current_snapshot().await.unwrap() });
    }
    let snapshots: BTreeSet<i64> = opening.join_all().await.into_iter().collect();
    assert_eq!(snapshots.len(), 1);
    assert_tidy(&lake(folder.path(), 9).await).await;
}

#[tokio::test]
async fn what_is_appended_is_planned() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let before = lake.current_snapshot().await.unwrap();
    ingest(&lake, "a", "1", &[(10, 5), (11, 6)]).await;
    ingest(&lake, "b", "1", &[(11, 7)]).await;
    ingest(&lake, "a", "2", &[(11, 8), (Day::MIN.0, 1), (Day::MAX.0, 2)]).await;
    let expected = [(Day::MIN.0, 1, 4, 1), (10, 5, 2, 1), (11, 14, 4, 2), (Day::MAX.0, 2, 4, 1)];
    assert_eq!(days(&lake, "a").await, expected);
    assert_eq!(days(&lake, "b").await, [(11, 7, 3, 1)]);
    assert_eq!(days(&lake, "c").await, []);
    assert_eq!(lake.plan(before, &slug("a"), Day::MIN, Day::MAX).await.unwrap().days, []);
    let file = files(&lake, "b").await.remove(0);
    assert_eq!(file, invented(file.path.clone(), &slug("b"), Day(11), 7).file);
    let stats = lake.stats().await.unwrap();
    let counted: Vec<_> =
        stats.organisations.iter().map(|o| (o.organisation.as_str(), o.days, o.files, o.rows)).collect();
    assert_eq!(counted, [("a", 4, 5, 22), ("b", 1, 1, 7)]);
    assert_eq!((stats.snapshots, stats.manifests), (4, 3));
}

#[tokio::test]
async fn plans_read_a_manifest_once() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    ingest(&lake, "a", "1", &[(10, 5)]).await;
    let version = lake.version().await.unwrap();
    let listed = manifest_list(&lake.io, &version.metadata, version.current().unwrap()).await.unwrap();
    let before = days(&lake, "a").await;
    for manifest in listed {
        std::fs::remove_file(crate::storage::path_of(&manifest.manifest_path)).unwrap();
    }
    assert_eq!(days(&lake, "a").await, before);
    let snapshot = lake.current_snapshot().await.unwrap();
    let another = crate::testing::lake(folder.path(), 2).await;
    assert!(another.plan(snapshot, &slug("a"), Day(10), Day(10)).await.is_err(), "it kept nothing");
}

#[tokio::test]
async fn a_snapshot_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    assert!(matches!(lake.plan(7, &slug("a"), Day(0), Day(1)).await, Err(LakeError::SnapshotGone(7))));
    assert!(matches!(lake.lineage(7).await, Err(LakeError::SnapshotGone(7))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_in_two_processes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lakes = [Arc::new(lake(folder.path(), 1).await), Arc::new(lake(folder.path(), 2).await)];
    let mut writers = JoinSet::new();
    for writer in 0..6 {
        let lake = Arc::clone(&lakes[writer % 2]);
        writers.spawn(async move {
            for number in 0..5 {
                ingest(&lake, "a", &format!("{writer}-{number}"), &[(writer as i32, 1 + number)]).await;
            }
        });
    }
    writers.join_all().await;
    let planned: Vec<_> =
        days(&lakes[0], "a").await.into_iter().map(|(day, rows, _, files)| (day, rows, files)).collect();
    assert_eq!(planned, (0..6).map(|day| (day, 15, 5)).collect::<Vec<_>>());
    let version = lakes[0].version().await.unwrap();
    assert_eq!(version.metadata.snapshots().len(), 31);
    assert_eq!(version.current().unwrap().summary().additional_properties["total-records"], "90");
    assert_tidy(&lakes[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_that_comes_six_times_at_once_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let lakes = [Arc::new(lake(folder.path(), 1).await), Arc::new(lake(folder.path(), 2).await)];
    let mut writers = JoinSet::new();
    for writer in 0..6 {
        let lake = Arc::clone(&lakes[writer % 2]);
        writers.spawn(async move { ingest(&lake, "a", "same", &[(1, 3)]).await });
    }
    let (mut made, mut known) = (Vec::new(), Vec::new());
    for outcome in writers.join_all().await {
        match outcome {
            Committed::Now { snapshot_id } => made.push(snapshot_id),
            Committed::AlreadyKnown(batch) => known.push((batch.snapshot_id, batch.accepted)),
        }
    }
    assert_eq!((made.len(), known), (1, vec![(made[0], 3); 5]));
    assert_eq!(days(&lakes[1], "a").await, [(1, 3, 2, 1)]);
    assert_tidy(&lakes[1]).await;
    // The key is the organisation's own.
    assert!(matches!(ingest(&lakes[0], "b", "same", &[(1, 3)]).await, Committed::Now { .. }));
}

#[tokio::test]
async fn small_manifests_are_merged_and_plans_stay_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let merge = MergeLimits { small_manifests: 8, small_entries: 5, merged_entries: 20, entries_at_once: 100 };
    let commit = CommitLimits { merge, ..CommitLimits::default() };
    let lake = lake_with(folder.path(), 1, LakeOptions { commit, ..LakeOptions::default() }).await;
    for number in 0..30 {
        let organisation = ["a", "b", "c"][number % 3];
        ingest(&lake, organisation, &number.to_string(), &[(number as i32 / 6, 1), (100 + number as i32, 2)]).await;
    }
    assert_eq!(manifests(&lake).await, 3 + 3);
    for (organisation, offset) in [("a", 0), ("b", 1), ("c", 2)] {
        let numbers = || (0..30).filter(|number| number % 3 == offset);
        let shared = (0..5).map(|day| (day, 2, numbers().filter(|n| n / 6 == day).max().unwrap() as i64 + 2, 2));
        let own = numbers().map(|number| (100 + number, 2, i64::from(number) + 2, 1));
        assert_eq!(days(&lake, organisation).await, shared.chain(own).collect::<Vec<_>>());
    }
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn old_metadata_files_go() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    for number in 0..15 {
        ingest(&lake, "a", &number.to_string(), &[(number, 1)]).await;
    }
    assert_eq!(lake.version().await.unwrap().metadata.metadata_log().len(), 10);
    let names = std::fs::read_dir(lake.places.metadata()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().unwrap().ends_with(".metadata.json")).count(), 11);
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn a_rewrite_keeps_content_versions() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    for number in 0..4 {
        ingest(&lake, "a", &number.to_string(), &[(1, 10), (2, 20)]).await;
    }
    ingest(&lake, "a", "later", &[(2, 5)]).await;
    let before = days(&lake, "a").await;
    assert_eq!(before, [(1, 40, 5, 4), (2, 85, 6, 5)]);
    // Day 2 keeps its newest file, so that its version does not come from the rewritten ones alone.
    let old: Vec<_> = files(&lake, "a").await.into_iter().filter(|file| file.rows >= 10).collect();
    let staging = lake.staging().await.unwrap();
    let new = place(&lake, &staging, &slug("a"), &[(1, 40), (2, 80)]);
    lake.commit(staging, change(Kind::Rewrite, new, old.clone())).await.unwrap();
    assert_eq!(days(&lake, "a").await, [(1, 40, 5, 1), (2, 85, 6, 2)]);
    let version = lake.version().await.unwrap();
    let summary = version.current().unwrap().summary().clone();
    assert_eq!(summary.operation, Operation::Replace);
    for (key, value) in [("deleted-data-files", "8"), ("added-data-files", "2"), ("total-data-files", "3")] {
        assert_eq!(summary.additional_properties[key], value, "{key}");
    }
    assert_eq!(summary.additional_properties["total-records"], "125");
    assert_eq!(summary.additional_properties["total-files-size"], "12500");
    // The files are gone from the table: replacing them again is a conflict.
    let staging = lake.staging().await.unwrap();
    let new = place(&lake, &staging, &slug("a"), &[(1, 40), (2, 80)]);
    let conflict = lake.commit(staging, change(Kind::Rewrite, new, old)).await.unwrap_err();
    assert!(matches!(conflict, LakeError::Conflict { missing: 8 }), "{conflict}");
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn a_rewrite_must_not_change_rows_and_a_deletion_must_not_add_any() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    ingest(&lake, "a", "1", &[(1, 10), (2, 10)]).await;
    let before = days(&lake, "a").await;
    for (kind, rows) in [(Kind::Rewrite, 9), (Kind::Rewrite, 11), (Kind::Delete, 11)] {
        let staging = lake.staging().await.unwrap();
        let new = place(&lake, &staging, &slug("a"), &[(1, rows)]);
        let old = files(&lake, "a").await.into_iter().filter(|file| file.day == Day(1)).collect();
        let refused = lake.commit(staging, change(kind, new, old)).await.unwrap_err();
        assert!(matches!(refused, LakeError::RowsChanged { removed: 10, added, .. } if added == rows), "{refused}");
    }
    assert_eq!(days(&lake, "a").await, before);
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn a_deletion_changes_the_content_version_of_what_it_touches() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    ingest(&lake, "a", "1", &[(1, 10), (2, 10), (3, 10)]).await;
    let old = files(&lake, "a").await.into_iter().filter(|file| file.day != Day(3)).collect();
    let staging = lake.staging().await.unwrap();
    let new = place(&lake, &staging, &slug("a"), &[(1, 9)]);
    lake.commit(staging, change(Kind::Delete, new, old)).await.unwrap();
    assert_eq!(days(&lake, "a").await, [(1, 9, 3, 1), (3, 10, 2, 1)]);
    let staging = lake.staging().await.unwrap();
    lake.commit(staging, change(Kind::Delete, Vec::new(), files(&lake, "a").await)).await.unwrap();
    assert_eq!(days(&lake, "a").await, []);
    assert_eq!(lake.version().await.unwrap().current().unwrap().summary().additional_properties["total-records"], "0");
    // A manifest that lists nothing any more is dropped by the next commit.
    ingest(&lake, "a", "2", &[(1, 1)]).await;
    assert_eq!(manifests(&lake).await, 1);
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn too_many_lost_attempts_end_the_commit_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let commit = CommitLimits { attempts: 0, ..CommitLimits::default() };
    let lake = lake_with(folder.path(), 1, LakeOptions { commit, ..LakeOptions::default() }).await;
    let staging = lake.staging().await.unwrap();
    let files = place(&lake, &staging, &slug("a"), &[(1, 1)]);
    let lost = lake.commit_ingest(staging, new_batch(&slug("a"), "1", 1), files).await.unwrap_err();
    assert!(matches!(lost, LakeError::Contention { attempts: 0 }) && lost.retryable());
    assert_tidy(&lake).await;
}

/// Another engine's commit: a snapshot of the same files that says nothing of ours.
async fn commit_elsewhere(lake: &Lake) -> i64 {
    let (base, staging) = (lake.version().await.unwrap(), Arc::new(lake.staging().await.unwrap()));
    let current = base.current().unwrap();
    let summary = Summary { operation: Operation::Append, additional_properties: HashMap::new() };
    let snapshot = Snapshot::builder()
        .with_snapshot_id(77)
        .with_parent_snapshot_id(Some(current.snapshot_id()))
        .with_sequence_number(base.metadata.next_sequence_number())
        .with_timestamp_ms(base.metadata.last_updated_ms())
        .with_manifest_list(current.manifest_list())
        .with_summary(summary)
        .build();
    let builder = iceberg::spec::TableMetadata::clone(&base.metadata).into_builder(Some(base.location.clone()));
    let metadata = builder.set_branch_snapshot(snapshot, MAIN_BRANCH).unwrap().build().unwrap().metadata;
    let to = location(&format!("{}/v2.metadata.json", lake.places.metadata()));
    let output = file_io(Arc::clone(&lake.parts.storage), Some(staging.folder().to_owned())).new_output(&to).unwrap();
    output.write(serde_json::to_vec(&metadata).unwrap().into()).await.unwrap();
    let change = TableChange::default();
    let commit = Commit { staging: Arc::clone(&staging), attempt: 77, to, change, at: START, batch: None };
    assert_eq!(lake.parts.catalog.swap(&base.location, commit).await.unwrap(), Swapped::Won(77));
    staging.settle(Some(77)).unwrap();
    77
}

#[tokio::test]
async fn a_restore_stays_in_the_lineage() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    ingest(&lake, "a", "1", &[(1, 1)]).await;
    let before = lake.current_snapshot().await.unwrap();
    let mut seen = vec![lake.lineage(before).await.unwrap()];
    assert_eq!(seen[0].restored, None);
    for number in 2..4 {
        let snapshot = lake.restored().await.unwrap();
        let lineage = lake.lineage(snapshot).await.unwrap();
        assert!(lineage.restored.is_some() && !seen.contains(&lineage));
        ingest(&lake, "a", &number.to_string(), &[(1, 1)]).await;
        assert_eq!(lake.lineage(lake.current_snapshot().await.unwrap()).await.unwrap(), lineage);
        seen.push(lineage);
    }
    // What was there is still there, and nothing else.
    assert_eq!(days(&lake, "a").await.iter().map(|(_, rows, ..)| rows).sum::<u64>(), 3);
}

#[tokio::test]
async fn a_commit_of_another_engine_stays_in_the_lineage() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    ingest(&lake, "a", "1", &[(1, 1)]).await;
    let ours = lake.current_snapshot().await.unwrap();
    assert_eq!(lake.lineage(ours).await.unwrap().foreign, None);
    let theirs = commit_elsewhere(&lake).await;
    assert_eq!(lake.lineage(theirs).await.unwrap().foreign, Some(theirs));
    for number in 2..4 {
        ingest(&lake, "a", &number.to_string(), &[(1, 1)]).await;
        let snapshot = lake.current_snapshot().await.unwrap();
        assert_eq!(lake.lineage(snapshot).await.unwrap().foreign, Some(theirs));
    }
    assert_eq!(lake.lineage(ours).await.unwrap().foreign, None);
    // It said nothing of totals; ours are counted, but for the bytes, which only a full scan knows.
    let version = lake.version().await.unwrap();
    let said = version.current().unwrap().summary().additional_properties.clone();
    assert_eq!((said["total-records"].as_str(), said.get("total-files-size")), ("3", None));
    assert_eq!(days(&lake, "a").await, [(1, 3, 5, 3)]);
    assert_tidy(&lake).await;
}

/// Publishes an ingest's attempt as `Lake::commit` does, up to the swap or over it, and then lets go of everything.
async fn die(lake: &Lake, swapped: bool) -> IngestId {
    let staging = Arc::new(lake.staging().await.unwrap());
    let add = place(lake, &staging, &slug("a"), &[(1, 1), (2, 2)]);
    let mut change = change(Kind::Append, add, Vec::new());
    change.batch = Some(new_batch(&slug("a"), &staging.id().to_string(), 3));
    let stale = lake.version().await.unwrap();
    ingest(lake, "b", &staging.id().to_string(), &[(1, 1)]).await;
    let lost = lake.committer().swap(&staging, &stale, &change, true).await.unwrap();
    assert_eq!(lost, Swapped::Lost);
    if swapped {
        let base = lake.version().await.unwrap();
        assert!(matches!(lake.committer().swap(&staging, &base, &change, true).await.unwrap(), Swapped::Won(_)));
    }
    staging.id()
}

#[tokio::test]
async fn a_process_that_dies_before_its_swap_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    die(&lake, false).await;
    assert_eq!(lake.sweep().await.unwrap().discarded, 1);
    assert_eq!(days(&lake, "a").await, []);
    assert_tidy(&lake).await;
    assert!(!std::path::Path::new(&format!("{}/organisation=a", lake.places.data())).exists());
}

#[tokio::test]
async fn a_process_that_dies_after_its_swap_leaves_its_rows_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    for number in 0..15 {
        ingest(&lake, "b", &number.to_string(), &[(number, 1)]).await;
    }
    let id = die(&lake, true).await;
    assert!(lake.parts.catalog.committed(id).await.unwrap().is_some());
    assert_eq!(lake.sweep().await.unwrap().finished, 1);
    assert_eq!(days(&lake, "a").await.len(), 2);
    assert_tidy(&lake).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_gives_up_at_any_moment_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let mut done = 0;
    for number in 0..30 {
        let (key, rows) = (number.to_string(), [(number, 1), (100 + number, 1)]);
        let patience = Duration::from_millis(2 * number as u64);
        done += usize::from(tokio::time::timeout(patience, ingest(&lake, "a", &key, &rows)).await.is_ok());
    }
    // What the last callers began on other threads ends by itself.
    while lake.sweep().await.unwrap().live > 0 {
        tokio::task::yield_now().await;
    }
    let days = days(&lake, "a").await;
    let (own, shifted): (Vec<i32>, Vec<i32>) = days.iter().map(|day| day.0).partition(|day| *day < 100);
    assert_eq!(own.iter().map(|day| day + 100).collect::<Vec<_>>(), shifted);
    assert!(own.len() >= done && days.iter().all(|(_, rows, _, files)| (*rows, *files) == (1, 1)), "{days:?}");
    for number in 0..30 {
        let key = new_batch(&slug("a"), &number.to_string(), 0).key;
        assert_eq!(lake.batch(&key).await.unwrap().is_some(), own.contains(&number), "{number}");
    }
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let staging: Arc<Staging> = Arc::new(lake.staging().await.unwrap());
    let change = change(Kind::Append, place(&lake, &staging, &slug("a"), &[(1, 1)]), Vec::new());
    let base = lake.version().await.unwrap();
    let won = lake.committer().swap(&staging, &base, &change, true).await.unwrap();
    let again = lake.committer().swap(&staging, &lake.version().await.unwrap(), &change, true).await.unwrap();
    assert_eq!(won, again);
    assert_eq!(days(&lake, "a").await, [(1, 1, 2, 1)]);
}

#[tokio::test]
async fn history_does_not_run_backwards_with_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let first = lake(folder.path(), 1).await;
    ingest(&first, "a", "1", &[(1, 1)]).await;
    let clock = domain::clock::ManualClock::at(START.plus(-3_600_000_000));
    let random = domain::random::Generator::<rand_chacha::ChaCha8Rng>::seeded(5);
    let behind = Lake::open(folder.path(), LakeOptions::default(), Arc::new(clock), Arc::new(random)).await.unwrap();
    ingest(&behind, "a", "2", &[(1, 1)]).await;
    assert_eq!(behind.version().await.unwrap().metadata.last_updated_ms(), START.0 / 1000);
}

#[tokio::test]
async fn a_moved_folder_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (was, is) = (folder.path().join("was"), folder.path().join("is"));
    drop(lake(&was, 1).await);
    std::fs::rename(&was, &is).unwrap();
    let clock = Arc::new(domain::clock::ManualClock::at(START));
    let random = Arc::new(domain::random::Generator::<rand_chacha::ChaCha8Rng>::seeded(5));
    let Err(LakeError::Moved { was: old, is: new }) = Lake::open(&is, LakeOptions::default(), clock, random).await
    else {
        panic!("it was opened")
    };
    let canonical = folder.path().canonicalize().unwrap();
    assert_eq!(
        (old.as_str(), new.as_str()),
        (canonical.join("was").to_str().unwrap(), canonical.join("is").to_str().unwrap())
    );
}

#[tokio::test]
async fn an_export_keeps_its_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let (export, other) = (ExportId(Uuid::from_u128(1)), ExportId(Uuid::from_u128(2)));
    let owner: domain::owner::Owner = "org.a".parse().unwrap();
    let pinned = lake.pin(&owner, export).await.unwrap();
    ingest(&lake, "a", "1", &[(1, 1)]).await;
    assert_eq!(lake.pin(&owner, export).await.unwrap(), pinned);
    assert_ne!(lake.pin(&owner, other).await.unwrap(), pinned);
    assert_eq!(lake.pins().await.unwrap().iter().map(|pin| pin.export).collect::<Vec<_>>(), [export, other]);
    assert_eq!(lake.pins().await.unwrap()[0].owner, owner);
    lake.unpin(export).await.unwrap();
    lake.unpin(export).await.unwrap();
    assert_eq!(lake.pins().await.unwrap().len(), 1);
    let expired = Pin { owner: owner.clone(), export, snapshot_id: 7, pinned_at: START };
    lake.parts.catalog.pin(expired).await.unwrap();
    assert!(matches!(lake.pin(&owner, export).await, Err(LakeError::SnapshotGone(7))));
}

#[tokio::test]
async fn a_pin_that_is_lost_is_made_again_at_its_own_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let (export, owner) = (ExportId(Uuid::from_u128(1)), "org.a".parse().unwrap());
    let pinned = lake.pin(&owner, export).await.unwrap();
    lake.hold(&owner, export, pinned).await.unwrap();
    lake.unpin(export).await.unwrap();
    ingest(&lake, "a", "1", &[(1, 1)]).await;
    lake.hold(&owner, export, pinned).await.unwrap();
    assert_eq!(lake.pins().await.unwrap()[0].snapshot_id, pinned);
    lake.unpin(export).await.unwrap();
    assert!(matches!(lake.hold(&owner, export, 7).await, Err(LakeError::SnapshotGone(7))));
    assert_eq!(lake.pins().await.unwrap(), []);
}

#[tokio::test]
async fn what_is_kept_of_the_table_is_of_the_version_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, other) = (lake(folder.path(), 1).await, lake(folder.path(), 2).await);
    let (a, far) = (slug("a"), (Day(0), Day(30_000)));
    for batches in 1..4_usize {
        ingest(&other, "a", &batches.to_string(), &[(1, 1)]).await;
        let plan = lake.plan_now(&a, far.0, far.1).await.unwrap();
        assert_eq!(plan.days.iter().map(|day| day.files.len()).sum::<usize>(), batches);
        assert_eq!(plan, lake.plan(plan.snapshot_id, &a, far.0, far.1).await.unwrap());
        assert_eq!(plan.snapshot_id, other.current_snapshot().await.unwrap());
    }
}
