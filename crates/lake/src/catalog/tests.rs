//! The catalog in SQLite passes the suite, and is private and as durable as asked.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::sqlite::Synced;
use super::{Catalog, SqliteCatalog};
use crate::error::LakeError;
use crate::testing::lake;

const TIMEOUT: Duration = Duration::from_secs(5);

/// A lake, and a second handle to its catalog.
async fn both(folder: &Path) -> (crate::Lake, SqliteCatalog) {
    let lake = lake(folder, 1).await;
    let catalog = SqliteCatalog::open(folder.join("catalog.db"), TIMEOUT).await.unwrap();
    (lake, catalog)
}

/// A catalog without a table, and its folder.
async fn empty() -> Option<(SqliteCatalog, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    Some((SqliteCatalog::open(folder.path().join("catalog.db"), TIMEOUT).await.unwrap(), folder))
}

crate::catalog_contract!(empty);

#[tokio::test]
async fn a_catalog_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (_lake, catalog) = both(folder.path()).await;
    catalog.with(|connection| connection.pragma_update(None, "user_version", 9)).await.unwrap();
    let refused = SqliteCatalog::open(folder.path().join("catalog.db"), TIMEOUT).await.unwrap_err();
    assert!(matches!(refused, LakeError::CatalogVersion { found: 9, known: 1 }));
    assert!(!refused.retryable());
}

#[tokio::test]
async fn a_busy_catalog_is_worth_another_try() {
    let folder = tempfile::tempdir().unwrap();
    let (_lake, catalog) = both(folder.path()).await;
    let impatient = SqliteCatalog::open(folder.path().join("catalog.db"), Duration::ZERO).await.unwrap();
    let export = domain::ids::ExportId(uuid::Uuid::from_u128(1));
    catalog.with(|connection| connection.execute_batch("BEGIN IMMEDIATE")).await.unwrap();
    assert!(impatient.unpin(export).await.unwrap_err().retryable());
    catalog.with(|connection| connection.execute_batch("ROLLBACK")).await.unwrap();
    impatient.unpin(export).await.unwrap();
}

#[tokio::test]
async fn nobody_else_can_read_it_and_every_commit_is_as_durable_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (_lake, catalog) = both(folder.path()).await;
    catalog.unpin(domain::ids::ExportId(uuid::Uuid::from_u128(1))).await.unwrap();
    for end in ["", "-wal", "-shm"] {
        let path = format!("{}/catalog.db{end}", folder.path().display());
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
