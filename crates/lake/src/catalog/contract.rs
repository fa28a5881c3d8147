//! What every catalog must do; an adapter runs it by [`catalog_contract!`](crate::catalog_contract).

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::{ExportId, IngestId, UserId};
use domain::owner::Owner;
use domain::time::Micros;
use iceberg::spec::{
    MAIN_BRANCH, Operation, Snapshot, SnapshotReference, SnapshotRetention, Summary, TableMetadataBuilder,
};
use iceberg::{TableRequirement, TableUpdate};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Batch, BatchKey, COMMIT, Catalog, Commit, NewBatch, Pin, Swapped, TableChange};
use crate::error::LakeError;
use crate::staging::Staging;
use crate::storage::LocalDisk;
use crate::table::schema::creation;

/// Makes a test of each check. `$factory` is an `async fn() -> Option<(impl Catalog + 'static, impl Sized)>`: a catalog
/// without a table, and what has to live as long as it is used; `None` where its engine is missing.
#[macro_export]
macro_rules! catalog_contract {
    ($factory:expr) => {
        $crate::catalog_contract!($factory; a_table_is_made_once the_pointer_and_the_batch_move_together
            what_is_committed_stays_known a_commit_that_was_given_up_never_comes
            of_many_at_once_one_wins a_key_is_one_of_its_organisation large_numbers_come_back
            an_export_has_one_pin pins_come_oldest_first);
    };
    ($factory:expr; $($check:ident)*) => {
        mod contract {
            use super::*;

            $(#[tokio::test]
            async fn $check() {
                if let Some((catalog, _alive)) = $factory().await {
                    $crate::catalog::contract::$check(catalog).await.expect("the catalog answers");
                }
            })*
        }
    };
}

const AT: Micros = Micros(1_728_000_000_123_456);

/// Folders that commits belong to.
struct Work {
    root: TempDir,
    folders: i64,
}

impl Work {
    fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder"), folders: 0 }
    }

    /// A commit that makes the table.
    fn first(&mut self, attempt: i64, to: &str) -> Result<Commit, LakeError> {
        self.folders += 1;
        let builder = TableMetadataBuilder::from_table_creation(creation("s3://bucket/table".to_owned(), 10)?)?;
        let built = builder.set_branch_snapshot(self.snapshot(attempt, None), MAIN_BRANCH)?.build()?;
        self.commit(attempt, to, TableChange { requirements: vec![TableRequirement::NotExist], updates: built.changes })
    }

    /// A commit behind the one whose attempt is `parent`.
    fn next(&mut self, parent: i64, attempt: i64, to: &str, batch: Option<NewBatch>) -> Result<Commit, LakeError> {
        self.folders += 1;
        let main = || MAIN_BRANCH.to_owned();
        let (snapshot, retention) = (self.snapshot(attempt, Some(parent)), SnapshotRetention::branch(None, None, None));
        let reference = SnapshotReference::new(attempt, retention);
        let change = TableChange {
            requirements: vec![TableRequirement::RefSnapshotIdMatch { r#ref: main(), snapshot_id: Some(parent) }],
            updates: vec![
                TableUpdate::AddSnapshot { snapshot },
                TableUpdate::SetSnapshotRef { ref_name: main(), reference },
            ],
        };
        Ok(Commit { batch, ..self.commit(attempt, to, change)? })
    }

    fn commit(&self, attempt: i64, to: &str, change: TableChange) -> Result<Commit, LakeError> {
        let storage = Arc::new(LocalDisk::new(format!("{}/lake/messages", self.root.path().display())));
        let staging = Arc::new(Staging::create(&self.root.path().join("staging"), storage, self.id())?);
        Ok(Commit { staging, attempt, to: to.to_owned(), change, at: AT, batch: None })
    }

    fn id(&self) -> IngestId {
        IngestId(Uuid::from_u128(self.folders.unsigned_abs().into()))
    }

    fn snapshot(&self, snapshot_id: i64, parent: Option<i64>) -> Snapshot {
        let additional_properties = HashMap::from([(COMMIT.to_owned(), self.id().to_string())]);
        Snapshot::builder()
            .with_snapshot_id(snapshot_id)
            .with_parent_snapshot_id(parent)
            .with_sequence_number(self.folders)
            .with_timestamp_ms(AT.0 / 1_000)
            .with_manifest_list(format!("s3://bucket/table/metadata/snap-{snapshot_id}.avro"))
            .with_summary(Summary { operation: Operation::Append, additional_properties })
            .with_schema_id(0)
            .build()
    }

    /// Makes the table by an attempt 1. Returns where the pointer leads to.
    async fn table(&mut self, catalog: &impl Catalog) -> Result<String, LakeError> {
        let first = self.first(1, "first")?;
        assert!(catalog.create(first.clone()).await?);
        leads_to(catalog, &first).await
    }
}

/// Asserts that a commit is the newest. Returns where the pointer leads to.
async fn leads_to(catalog: &impl Catalog, commit: &Commit) -> Result<String, LakeError> {
    let pointer = catalog.pointer().await?.expect("the table was made");
    match pointer.metadata {
        Some(metadata) => assert_eq!(metadata.current_snapshot_id(), Some(commit.attempt)),
        None => assert_eq!(pointer.location, commit.to),
    }
    Ok(pointer.location)
}

fn batch(organisation: &str, key: &str, accepted: u64) -> NewBatch {
    let organisation = organisation.parse().expect("the tests use good slugs");
    NewBatch { key: BatchKey { organisation, key: key.to_owned() }, accepted, refused: 2 }
}

/// The first to make the table wins, and only its commit is recorded.
pub async fn a_table_is_made_once(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    assert!(catalog.pointer().await?.is_none());
    let (first, second) = (work.first(1, "first")?, work.first(2, "second")?);
    assert_eq!(catalog.swap("first", work.next(1, 3, "third", None)?).await?, Swapped::Lost);
    assert!(catalog.create(first.clone()).await?);
    assert!(!catalog.create(second.clone()).await?);
    leads_to(&catalog, &first).await?;
    assert_eq!(catalog.committed(first.staging.id()).await?, Some(1));
    assert_eq!(catalog.committed(second.staging.id()).await?, None);
    leads_to(&catalog, &first).await.map(drop)
}

/// All of a commit is there, or nothing; the same commit again is told how it went, another one of its batch as well.
pub async fn the_pointer_and_the_batch_move_together(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    let first = work.table(&catalog).await?;
    let new = batch("a", "key", 3);
    let lost = work.next(1, 4, "lost", Some(new.clone()))?;
    assert_eq!(catalog.swap("elsewhere", lost.clone()).await?, Swapped::Lost);
    assert_eq!(catalog.batch(&new.key).await?, None);
    let won = work.next(1, 5, "won", Some(new.clone()))?;
    assert_eq!(catalog.swap(&first, won.clone()).await?, Swapped::Won(5));
    let place = leads_to(&catalog, &won).await?;
    assert_ne!(place, first);
    assert_eq!(catalog.committed(won.staging.id()).await?, Some(5));
    let known = Batch { ingest: won.staging.id(), snapshot_id: 5, accepted: 3, refused: 2, committed_at: AT };
    assert_eq!(catalog.batch(&new.key).await?, Some(known.clone()));
    assert_eq!(catalog.swap(&place, lost.clone()).await?, Swapped::Known(known));
    let again = Commit { attempt: 6, to: "again".to_owned(), ..won.clone() };
    assert_eq!(catalog.swap(&place, again).await?, Swapped::Won(5));
    assert_eq!(catalog.committed(lost.staging.id()).await?, None);
    leads_to(&catalog, &won).await.map(drop)
}

/// What was committed is known when it is no longer the newest.
pub async fn what_is_committed_stays_known(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    let mut place = work.table(&catalog).await?;
    let mut done = Vec::new();
    for attempt in 2..6 {
        let new = batch("a", &format!("key-{attempt}"), 1);
        let commit = work.next(attempt - 1, attempt, &format!("at-{attempt}"), Some(new.clone()))?;
        assert_eq!(catalog.swap(&place, commit.clone()).await?, Swapped::Won(attempt));
        place = leads_to(&catalog, &commit).await?;
        done.push((commit.staging.id(), attempt, new.key));
    }
    for (id, attempt, key) in done {
        assert_eq!(catalog.committed(id).await?, Some(attempt));
        assert_eq!(catalog.batch(&key).await?.map(|batch| batch.snapshot_id), Some(attempt));
    }
    Ok(())
}

/// Whoever was told that a commit is not there can take its files away: it never comes any more.
pub async fn a_commit_that_was_given_up_never_comes(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    let place = work.table(&catalog).await?;
    let late = work.next(1, 2, "late", None)?;
    assert_eq!(catalog.committed(late.staging.id()).await?, None);
    if catalog.swap(&place, late.clone()).await? == Swapped::Won(2) {
        // This catalog decides one call after the other, so nobody asks while a commit is under way.
        assert!(!catalog.writes_metadata());
        return Ok(());
    }
    let again = catalog.pointer().await?.expect("the table was made").location;
    assert_eq!(catalog.swap(&again, late.clone()).await?, Swapped::Lost);
    let other = work.next(1, 3, "other", None)?;
    assert_eq!(catalog.swap(&again, other.clone()).await?, Swapped::Won(3));
    leads_to(&catalog, &other).await.map(drop)
}

/// Of many that start from the same pointer one wins, and the pointer is its.
pub async fn of_many_at_once_one_wins(catalog: impl Catalog + 'static) -> Result<(), LakeError> {
    const MANY: i64 = 8;
    let mut work = Work::new();
    let first = work.table(&catalog).await?;
    let catalog = Arc::new(catalog);
    let commits: Result<Vec<_>, _> = (10..10 + MANY)
        .map(|n| work.next(1, n, &format!("at-{n}"), Some(batch("a", &format!("key-{n}"), 1))))
        .collect();
    let commits = commits?;
    let swaps: Vec<_> = commits
        .iter()
        .map(|commit| {
            let (catalog, commit, first) = (Arc::clone(&catalog), commit.clone(), first.clone());
            tokio::spawn(async move { catalog.swap(&first, commit).await })
        })
        .collect();
    let mut won = Vec::new();
    for swap in swaps {
        match swap.await.expect("a swap does not panic")? {
            Swapped::Won(attempt) => won.push(attempt),
            other => assert_eq!(other, Swapped::Lost),
        }
    }
    assert_eq!(won.len(), 1);
    for commit in commits {
        let is_it = commit.attempt == won[0];
        if is_it {
            leads_to(catalog.as_ref(), &commit).await?;
        }
        let key = commit.batch.expect("each has one").key;
        let known = catalog.batch(&key).await?;
        assert_eq!(known.map(|batch| batch.snapshot_id), is_it.then_some(won[0]));
    }
    Ok(())
}

/// The same key of another organisation is another batch; a key may hold any text.
pub async fn a_key_is_one_of_its_organisation(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    let place = work.table(&catalog).await?;
    let key = "it's \"ü\" \\ $1 ? %";
    let (a, b) = (batch("a", key, 1), batch("b", key, 2));
    let first = work.next(1, 2, "second", Some(a.clone()))?;
    assert_eq!(catalog.swap(&place, first.clone()).await?, Swapped::Won(2));
    assert_eq!(catalog.batch(&b.key).await?, None);
    let (place, second) = (leads_to(&catalog, &first).await?, work.next(2, 3, "third", Some(b.clone()))?);
    assert_eq!(catalog.swap(&place, second).await?, Swapped::Won(3));
    for (batch, accepted) in [(a, 1), (b, 2)] {
        assert_eq!(catalog.batch(&batch.key).await?.map(|batch| batch.accepted), Some(accepted));
    }
    Ok(())
}

/// Snapshot ids take 63 bits, counts more than 32, locations hundreds of bytes.
pub async fn large_numbers_come_back(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    let place = work.table(&catalog).await?;
    let (to, new) = (format!("s3://bucket/{}", "x".repeat(700)), batch("a", "key", u64::from(u32::MAX) + 1));
    let commit = work.next(1, i64::MAX, &to, Some(new.clone()))?;
    assert_eq!(catalog.swap(&place, commit.clone()).await?, Swapped::Won(i64::MAX));
    leads_to(&catalog, &commit).await?;
    let known = catalog.batch(&new.key).await?.expect("it was committed");
    assert_eq!((known.snapshot_id, known.accepted), (i64::MAX, new.accepted));
    Ok(())
}

fn pin(owner: &Owner, export: u128, snapshot_id: i64, later_micros: i64) -> Pin {
    let export = ExportId(Uuid::from_u128(export));
    Pin { owner: owner.clone(), export, snapshot_id, pinned_at: AT.plus(later_micros) }
}

/// The first pin of an export holds until it is taken away.
pub async fn an_export_has_one_pin(catalog: impl Catalog) -> Result<(), LakeError> {
    let owner = Owner::Organisation("a".parse().expect("a good slug"));
    let (first, second) = (pin(&owner, 1, 7, 0), pin(&owner, 1, 8, 1));
    assert_eq!(catalog.pin(first.clone()).await?, first);
    assert_eq!(catalog.pin(second.clone()).await?, first);
    assert_eq!(catalog.pins().await?, std::slice::from_ref(&first));
    for _ in 0..2 {
        catalog.unpin(first.export).await?;
        assert_eq!(catalog.pins().await?, []);
    }
    assert_eq!(catalog.pin(second.clone()).await?, second);
    Ok(())
}

/// All pins, those of one instant by export.
pub async fn pins_come_oldest_first(catalog: impl Catalog) -> Result<(), LakeError> {
    let organisation = Owner::Organisation("a".parse().expect("a good slug"));
    let user = Owner::User(UserId(Uuid::from_u128(9)));
    let pins = [pin(&user, 3, i64::MAX, 0), pin(&organisation, 1, 7, 1), pin(&organisation, 2, 7, 1)];
    for pin in pins.iter().rev() {
        catalog.pin(pin.clone()).await?;
    }
    assert_eq!(catalog.pins().await?, pins);
    Ok(())
}
