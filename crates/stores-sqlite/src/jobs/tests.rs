//! What is particular to one file: indexes, versions, other processes, crashes, modes.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use domain::calendar::{DateRange, Zone};
use domain::clock::{Clock, ManualClock};
use domain::dataset::Dataset;
use domain::export::{PlanFacts, State, Step};
use domain::filter::Filter;
use domain::limits::Limits;
use domain::request::{Columns, Format, Profile, Request, Shape};
use domain::time::Micros;
use rusqlite::{Connection, TransactionBehavior};
use stores::record::RECORD_VERSION;
use tempfile::TempDir;

use super::*;

const NOON: Micros = Micros(1_700_049_600_000_000);

async fn open(path: &Path) -> SqliteStores {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOON));
    SqliteStores::open(path, clock, Limits::default()).await.unwrap()
}

async fn fresh() -> (TempDir, SqliteStores) {
    let folder = tempfile::tempdir().unwrap();
    let stores = open(&file(&folder)).await;
    (folder, stores)
}

fn file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("outhaul.db")
}

async fn with(clock: Arc<dyn Clock>, limits: Limits) -> (TempDir, SqliteStores) {
    let folder = tempfile::tempdir().unwrap();
    let stores = SqliteStores::open(&file(&folder), clock, limits).await.unwrap();
    (folder, stores)
}

stores::jobs_contract!(with);

fn acme() -> Owner {
    "org.acme".parse().unwrap()
}

fn id(number: u128) -> ExportId {
    uuid(number).parse().unwrap()
}

fn worker(number: u128) -> WorkerId {
    uuid(number).parse().unwrap()
}

fn uuid(number: u128) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

fn new(number: u128, owner: Owner) -> NewExport {
    let request = Request {
        dataset: Dataset::Messages,
        range: Some(DateRange::new("2024-01-01".parse().unwrap(), "2024-01-31".parse().unwrap(), Zone::utc()).unwrap()),
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: Columns::all(Dataset::Messages),
        filter: Filter::default(),
        reuse: true,
        shape: Shape::of(&Limits::default(), false),
    };
    NewExport { id: id(number), owner, request, requested_by: None, idempotency: None, per_day_limit: None }
}

async fn planned(stores: &SqliteStores, number: u128, segments: u32) {
    stores.create(new(number, acme())).await.unwrap();
    let plan = stores.claim(&acme(), worker(1), 1).await.unwrap().unwrap().leases.remove(0);
    let outcome = Outcome::Planned(PlanFacts { snapshot: 1, segments, rows: 0 });
    stores.record(&plan, outcome, Then::LetGo).await.unwrap();
}

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    let (folder, _stores) = fresh().await;
    let connection = Connection::open(file(&folder)).unwrap();
    for statement in sql::ALL {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let count = explain.parameter_count();
        let steps =
            explain.query_map(rusqlite::params_from_iter(vec![1; count]), |row| row.get::<_, String>(3)).unwrap();
        for step in steps.map(Result::unwrap) {
            assert!(!step.starts_with("SCAN"), "{step}: {statement}");
        }
    }
}

#[tokio::test]
async fn files_are_private_and_durable() {
    let (folder, stores) = fresh().await;
    stores.create(new(1, acme())).await.unwrap();
    let mut found = 0;
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        found += 1;
    }
    assert_eq!(found, 3, "the file, its log and the index of that");
    let settings = stores.database.write(failpoint::NONE, |tx| {
        let ask = |name| tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed("ask"));
        Ok((ask("synchronous")?, ask("foreign_keys")?))
    });
    assert_eq!(settings.await.unwrap(), (2, 1));
}

#[tokio::test]
async fn a_newer_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(file(&folder)).unwrap();
    connection.execute_batch("CREATE TABLE future (x); PRAGMA user_version = 7").unwrap();
    let before = fs::read(file(&folder)).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOON));
    let refused = SqliteStores::open(&file(&folder), clock, Limits::default()).await.err().unwrap();
    assert_eq!(refused.to_string(), "the database has version 7, this program reads versions up to 5");
    assert!(!refused.retryable());
    drop(connection);
    assert_eq!(fs::read(file(&folder)).unwrap(), before);
}

#[tokio::test]
async fn a_record_of_a_newer_program_is_left_to_it() {
    let (folder, stores) = fresh().await;
    stores.create(new(1, acme())).await.unwrap();
    stores.create(new(2, "org.other".parse().unwrap())).await.unwrap();
    let connection = Connection::open(file(&folder)).unwrap();
    let future = r#"{"version":9,"shape":"unknown"}"#;
    connection.execute("UPDATE exports SET version = 9, record = ?1", [future]).unwrap();
    stores.create(new(3, acme())).await.unwrap();
    let too_new = |error: StoreError| matches!(error, StoreError::TooNew { found: 9, known: RECORD_VERSION, .. });

    let due = stores.due(9).await.unwrap();
    assert_eq!((due.owners, due.too_new), (vec![acme()], 2));
    assert!(too_new(stores.get(&acme(), id(1)).await.unwrap_err()));
    assert_eq!(stores.list(&acme(), None, 9).await.unwrap().len(), 1);
    // The one that can be read is served; then the other one is reported.
    let claimed = stores.claim(&acme(), worker(1), 9).await.unwrap().unwrap();
    assert_eq!((claimed.export.id, claimed.more), (id(3), true));
    assert!(too_new(stores.claim(&acme(), worker(1), 9).await.unwrap_err()));
    assert_eq!(stores.look(&acme()).await.unwrap(), []);
    // It may be running, so it takes one of the two places.
    stores.create(new(4, acme())).await.unwrap();
    assert_eq!(stores.get(&acme(), id(4)).await.unwrap().unwrap().state, State::Queued);
    let kept: i64 =
        connection.query_row("SELECT count(*) FROM exports WHERE record = ?1", [future], |r| r.get(0)).unwrap();
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_stop_the_others() {
    let (folder, stores) = fresh().await;
    stores.create(new(1, acme())).await.unwrap();
    stores.create(new(2, acme())).await.unwrap();
    let connection = Connection::open(file(&folder)).unwrap();
    connection.execute("UPDATE exports SET record = '{' WHERE id = ?1", [id(1).to_string()]).unwrap();
    let claimed = stores.claim(&acme(), worker(1), 9).await.unwrap().unwrap();
    assert_eq!((claimed.export.id, claimed.more), (id(2), false));
    let error = stores.claim(&acme(), worker(1), 9).await.unwrap_err();
    assert_eq!(error.to_string(), format!("the record of export {} cannot be read", id(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_on_one_file_share_the_work() {
    const SEGMENTS: u32 = 60;
    let folder = tempfile::tempdir().unwrap();
    let first = open(&file(&folder)).await;
    planned(&first, 1, SEGMENTS).await;
    let work = |number: u128, path: std::path::PathBuf| async move {
        let stores = open(&path).await;
        let mut done = Vec::new();
        while let Some(claimed) = stores.claim(&acme(), worker(number), 3).await.unwrap() {
            assert!(stores.beat(&claimed.leases).await.unwrap().iter().all(|held| *held));
            for lease in claimed.leases {
                if lease.step == Step::Assemble {
                    return done;
                }
                let outcome = Outcome::SegmentDone { rows: 1, bytes: 2, reused: false };
                let recorded = stores.record(&lease, outcome, Then::LetGo);
                assert_ne!(recorded.await.unwrap(), Recorded::Fenced);
                done.push(lease.step);
            }
        }
        done
    };
    let workers: Vec<_> = (1..=4).map(|number| tokio::spawn(work(number, file(&folder)))).collect();
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), SEGMENTS as usize, "a step was claimed twice, or never");
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), SEGMENTS as usize);
    let export = first.get(&acme(), id(1)).await.unwrap().unwrap();
    assert_eq!((export.rows, export.bytes, export.built_parts), (60, 120, 60), "a write was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_file_at_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let opening: Vec<_> = (0..8)
            .map(|number| {
                let path = file(&folder);
                tokio::spawn(async move {
                    let stores = open(&path).await;
                    stores.create(new(number, acme())).await.unwrap();
                })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap();
        }
        assert_eq!(open(&file(&folder)).await.list(&acme(), None, 99).await.unwrap().len(), 8);
    }
}

/// Tells the child that it is one, and which file to use.
const CHILD: &str = "OUTHAUL_TEST_STORES_CHILD";

#[test]
fn a_process_that_ends_in_a_write() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "cache_size", 1).unwrap();
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    // Enough to spill pages into the log before the commit that never comes.
    tx.execute_batch("UPDATE exports SET due_at = NULL, record = hex(zeroblob(100000)); DELETE FROM steps").unwrap();
    std::process::exit(77);
}

#[tokio::test]
async fn a_write_that_was_not_committed_never_was() {
    let (folder, stores) = fresh().await;
    planned(&stores, 1, 2).await;
    let before = stores.get(&acme(), id(1)).await.unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "jobs::tests::a_process_that_ends_in_a_write"])
        .env(CHILD, file(&folder))
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(77), "{child:?}");
    assert_eq!(stores.get(&acme(), id(1)).await.unwrap(), before);
    assert_eq!(open(&file(&folder)).await.claim(&acme(), worker(2), 9).await.unwrap().unwrap().leases.len(), 2);

    let failed_write = stores.database.write(failpoint::NONE, |tx| {
        tx.execute("DELETE FROM steps", []).map_err(failed("delete"))?;
        Err::<(), _>(crate::error::corrupt("a test", "ends here"))
    });
    assert!(failed_write.await.is_err());
    assert_eq!(stores.segments(&acme(), id(1), 0, 9).await.unwrap().len(), 2);
    assert_eq!(stores.claim(&acme(), worker(2), 9).await.unwrap(), None);
}
