//! What every catalog must do; an adapter runs it by [`catalog_contract!`](crate::catalog_contract).

use std::sync::Arc;

use domain::ids::{ExportId, IngestId, UserId};
use domain::owner::Owner;
use domain::time::Micros;
use tempfile::TempDir;
use uuid::Uuid;

use super::{Batch, BatchKey, Catalog, Commit, NewBatch, Pin, Swapped};
use crate::error::LakeError;
use crate::staging::Staging;
use crate::storage::LocalDisk;

/// Makes a test of each check. `$factory` is an `async fn() -> Option<(impl Catalog + 'static, impl Sized)>`: a catalog
/// without a table, and what has to live as long as it is used; `None` where its engine is missing.
#[macro_export]
macro_rules! catalog_contract {
    ($factory:expr) => {
        $crate::catalog_contract!($factory; a_table_is_made_once the_pointer_and_the_batch_move_together
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
    folders: u128,
}

impl Work {
    fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder"), folders: 0 }
    }

    fn commit(&mut self, attempt: i64, to: &str, batch: Option<NewBatch>) -> Commit {
        self.folders += 1;
        let id = IngestId(Uuid::from_u128(self.folders));
        let storage = Arc::new(LocalDisk::new(format!("{}/lake/messages", self.root.path().display())));
        let staging = Staging::create(&self.root.path().join("staging"), storage, id).expect("a staging folder");
        Commit { staging: Arc::new(staging), attempt, to: to.to_owned(), at: AT, batch }
    }

    /// Makes the table, pointing to `first`.
    async fn table(&mut self, catalog: &impl Catalog) -> Result<(), LakeError> {
        assert!(catalog.create(self.commit(1, "first", None)).await?);
        Ok(())
    }
}

fn batch(organisation: &str, key: &str, accepted: u64) -> NewBatch {
    let organisation = organisation.parse().expect("the tests use good slugs");
    NewBatch { key: BatchKey { organisation, key: key.to_owned() }, accepted, refused: 2 }
}

/// The first to make the table wins, and only its commit is recorded.
pub async fn a_table_is_made_once(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    assert_eq!(catalog.pointer().await?, None);
    let (first, second) = (work.commit(1, "first", None), work.commit(2, "second", None));
    assert_eq!(catalog.swap("first", second.clone()).await?, Swapped::Lost);
    assert!(catalog.create(first.clone()).await?);
    assert!(!catalog.create(second.clone()).await?);
    assert_eq!(catalog.pointer().await?.as_deref(), Some("first"));
    assert_eq!(catalog.committed(first.staging.id()).await?, Some(1));
    assert_eq!(catalog.committed(second.staging.id()).await?, None);
    Ok(())
}

/// All of a commit is there, or nothing; the same commit again is told how it went, another one of its batch as well.
pub async fn the_pointer_and_the_batch_move_together(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    work.table(&catalog).await?;
    let new = batch("a", "key", 3);
    let lost = work.commit(4, "lost", Some(new.clone()));
    assert_eq!(catalog.swap("elsewhere", lost.clone()).await?, Swapped::Lost);
    assert_eq!(catalog.batch(&new.key).await?, None);
    assert_eq!(catalog.committed(lost.staging.id()).await?, None);
    let won = work.commit(5, "won", Some(new.clone()));
    assert_eq!(catalog.swap("first", won.clone()).await?, Swapped::Won(5));
    assert_eq!(catalog.pointer().await?.as_deref(), Some("won"));
    assert_eq!(catalog.committed(won.staging.id()).await?, Some(5));
    let known = Batch { ingest: won.staging.id(), snapshot_id: 5, accepted: 3, refused: 2, committed_at: AT };
    assert_eq!(catalog.batch(&new.key).await?, Some(known.clone()));
    assert_eq!(catalog.swap("won", lost).await?, Swapped::Known(known));
    assert_eq!(catalog.swap("won", Commit { attempt: 6, to: "again".to_owned(), ..won }).await?, Swapped::Won(5));
    assert_eq!(catalog.pointer().await?.as_deref(), Some("won"));
    Ok(())
}

/// Of many that start from the same pointer one wins, and the pointer is its.
pub async fn of_many_at_once_one_wins(catalog: impl Catalog + 'static) -> Result<(), LakeError> {
    const MANY: i64 = 8;
    let mut work = Work::new();
    work.table(&catalog).await?;
    let catalog = Arc::new(catalog);
    let swaps: Vec<_> = (0..MANY)
        .map(|n| {
            let commit = work.commit(10 + n, &format!("at-{}", 10 + n), Some(batch("a", &format!("key-{n}"), 1)));
            let catalog = Arc::clone(&catalog);
            tokio::spawn(async move { catalog.swap("first", commit).await })
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
    assert_eq!(catalog.pointer().await?, Some(format!("at-{}", won[0])));
    for n in 0..MANY {
        let known = catalog.batch(&batch("a", &format!("key-{n}"), 1).key).await?;
        assert_eq!(known.map(|batch| batch.snapshot_id), (10 + n == won[0]).then_some(won[0]));
    }
    Ok(())
}

/// The same key of another organisation is another batch; a key may hold any text.
pub async fn a_key_is_one_of_its_organisation(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    work.table(&catalog).await?;
    let key = "it's \"ü\" \\ $1 ? %";
    let (a, b) = (batch("a", key, 1), batch("b", key, 2));
    let first = work.commit(2, "second", Some(a.clone()));
    assert_eq!(catalog.swap("first", first).await?, Swapped::Won(2));
    assert_eq!(catalog.batch(&b.key).await?, None);
    let second = work.commit(3, "third", Some(b.clone()));
    assert_eq!(catalog.swap("second", second).await?, Swapped::Won(3));
    for (batch, accepted) in [(a, 1), (b, 2)] {
        assert_eq!(catalog.batch(&batch.key).await?.map(|batch| batch.accepted), Some(accepted));
    }
    Ok(())
}

/// Snapshot ids take 63 bits, counts more than 32, locations hundreds of bytes.
pub async fn large_numbers_come_back(catalog: impl Catalog) -> Result<(), LakeError> {
    let mut work = Work::new();
    work.table(&catalog).await?;
    let (to, new) = (format!("s3://bucket/{}", "x".repeat(700)), batch("a", "key", u64::from(u32::MAX) + 1));
    let commit = work.commit(i64::MAX, &to, Some(new.clone()));
    assert_eq!(catalog.swap("first", commit).await?, Swapped::Won(i64::MAX));
    assert_eq!(catalog.pointer().await?, Some(to));
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
