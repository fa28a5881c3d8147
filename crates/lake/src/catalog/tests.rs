//! The catalog moves its pointer and its records together, and keeps both private and durable.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::sqlite::Synced;
use super::*;
use crate::testing::{START, lake, new_batch, slug};

const TIMEOUT: Duration = Duration::from_secs(5);

/// A lake, which brings the staging folders that commits belong to, and a second handle to its catalog.
async fn both(folder: &Path) -> (crate::Lake, SqliteCatalog) {
    let lake = lake(folder, 1).await;
    let catalog = SqliteCatalog::open(lake.folder.catalog(), TIMEOUT).await.unwrap();
    (lake, catalog)
}

async fn commit(lake: &crate::Lake, to: &str, batch: Option<NewBatch>) -> Commit {
    let staging = Arc::new(lake.staging().await.unwrap());
    Commit { staging, attempt: 5, to: to.to_owned(), at: START, batch }
}

#[tokio::test]
async fn the_pointer_and_the_batch_move_together() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalog) = both(folder.path()).await;
    let at = catalog.pointer().await.unwrap().unwrap();
    let batch = new_batch(&slug("a"), "key", 3);
    let lost = commit(&lake, "lost", Some(batch.clone())).await;
    assert_eq!(catalog.swap("elsewhere", lost.clone()).await.unwrap(), Swapped::Lost);
    assert_eq!(catalog.batch(&batch.key).await.unwrap(), None);
    assert_eq!(catalog.committed(lost.staging.id()).await.unwrap(), None);
    let won = commit(&lake, "won", Some(batch.clone())).await;
    assert_eq!(catalog.swap(&at, won.clone()).await.unwrap(), Swapped::Won(5));
    assert_eq!(catalog.pointer().await.unwrap().unwrap(), "won");
    let known = catalog.batch(&batch.key).await.unwrap().unwrap();
    let expected = Batch { ingest: won.staging.id(), snapshot_id: 5, accepted: 3, refused: 0, committed_at: START };
    assert_eq!(known, expected);
    assert_eq!(catalog.swap("won", lost).await.unwrap(), Swapped::Known(known));
    assert_eq!(catalog.swap("won", Commit { attempt: 6, ..won }).await.unwrap(), Swapped::Won(5));
    assert_eq!(catalog.pointer().await.unwrap().unwrap(), "won");
}

#[tokio::test]
async fn a_table_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalog) = both(folder.path()).await;
    let at = catalog.pointer().await.unwrap();
    assert!(!catalog.create(commit(&lake, "other", None).await).await.unwrap());
    assert_eq!(catalog.pointer().await.unwrap(), at);
}

#[tokio::test]
async fn a_catalog_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalog) = both(folder.path()).await;
    catalog.with(|connection| connection.pragma_update(None, "user_version", 9)).await.unwrap();
    let refused = SqliteCatalog::open(lake.folder.catalog(), TIMEOUT).await.unwrap_err();
    assert!(matches!(refused, LakeError::CatalogVersion { found: 9, known: 1 }));
    assert!(!refused.retryable());
}

#[tokio::test]
async fn a_busy_catalog_is_worth_another_try() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalog) = both(folder.path()).await;
    let impatient = SqliteCatalog::open(lake.folder.catalog(), Duration::ZERO).await.unwrap();
    let export = domain::ids::ExportId(uuid::Uuid::from_u128(1));
    catalog.with(|connection| connection.execute_batch("BEGIN IMMEDIATE")).await.unwrap();
    assert!(impatient.unpin(export).await.unwrap_err().retryable());
    catalog.with(|connection| connection.execute_batch("ROLLBACK")).await.unwrap();
    impatient.unpin(export).await.unwrap();
}

#[tokio::test]
async fn nobody_else_can_read_it_and_every_commit_is_as_durable_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, catalog) = both(folder.path()).await;
    catalog.unpin(domain::ids::ExportId(uuid::Uuid::from_u128(1))).await.unwrap();
    for end in ["", "-wal", "-shm"] {
        let path = format!("{}{end}", lake.folder.catalog().display());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    let pragma = |name: &'static str| {
        catalog.with(move |connection| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        })
    };
    assert_eq!(pragma("journal_mode").await.unwrap(), rusqlite::types::Value::Text("wal".to_owned()));
    for (synced, level) in [(Synced::Full, 2_i64), (Synced::Normal, 1), (Synced::Full, 2)] {
        let found = catalog.write(synced, |transaction| {
            transaction.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
        });
        assert_eq!(found.await.unwrap(), level);
    }
}
