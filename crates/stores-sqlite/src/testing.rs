//! What the tests of all ports over one file need.

use std::sync::Arc;

use domain::clock::{Clock, ManualClock};
use domain::limits::Limits;
use domain::time::Micros;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::SqliteStores;

/// A new file, in a folder that lives as long as the first of the two.
pub(crate) async fn open(clock: Arc<dyn Clock>) -> (TempDir, SqliteStores) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stores = SqliteStores::open(&folder.path().join("outhaul.db"), clock, Limits::default()).await;
    (folder, stores.expect("a new file"))
}

pub(crate) async fn fresh() -> (TempDir, SqliteStores) {
    open(Arc::new(ManualClock::at(Micros(1_700_000_000_000_000)))).await
}

/// No statement reads a whole table.
pub(crate) async fn goes_by_indexes(statements: &[&str]) {
    let (folder, _stores) = fresh().await;
    let connection = Connection::open(folder.path().join("outhaul.db")).expect("the file is there");
    for statement in statements {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).expect("a statement");
        let values = rusqlite::params_from_iter(vec![1; explain.parameter_count()]);
        let steps = explain.query_map(values, |row| row.get::<_, String>(3)).expect("a plan");
        for step in steps {
            let step = step.expect("a step");
            assert!(!step.starts_with("SCAN") || step == "SCAN CONSTANT ROW", "{step}: {statement}");
        }
    }
}
