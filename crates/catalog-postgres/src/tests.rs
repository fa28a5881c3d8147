//! The suite on a real server, the second wall, and a commit whose answer is late.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::clock::ManualClock;
use domain::finding::Verdict;
use domain::ids::{ExportId, IngestId, Slug};
use domain::owner::Owner;
use domain::random::Random;
use domain::time::{Day, Micros};
use engines::{Database, Role};
use lake::LakeError;
use lake::catalog::{BatchKey, Catalog, Commit, NewBatch, Pin, TableChange};
use lake::ingest::{Compression, IngestOptions, Input};
use lake::{Lake, LakeOptions, LakeParts};
use postgres::{Guard, PostgresOptions};
use tokio::sync::Notify;

use super::*;
use crate::schema::SCHEMA;

/// A migrated database of its own, and who works on it.
struct World {
    engine: Database,
    service: Role,
}

impl World {
    async fn fresh() -> Option<Self> {
        let engine = Database::fresh()?;
        let service = engine.role("service");
        let owner: PostgresOptions = engine.url_of_owner().parse().unwrap();
        migrate(&owner, service.name(), &clock()).await.expect("a new database");
        Some(Self { engine, service })
    }

    async fn catalog(&self) -> PostgresCatalog {
        let options: PostgresOptions = self.service.url().parse().unwrap();
        PostgresCatalog::open(&options, Arc::new(clock()), Arc::new(Counter)).await.expect("it was migrated")
    }
}

fn clock() -> ManualClock {
    ManualClock::at(Micros(1_700_000_000_000_000))
}

/// Never the same bytes twice.
struct Counter;

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(count.iter().cycle()).for_each(|(byte, part)| *byte = *part);
    }
}

async fn empty() -> Option<(PostgresCatalog, World)> {
    let world = World::fresh().await?;
    Some((world.catalog().await, world))
}

lake::catalog_contract!(empty);

fn batch(organisation: &str) -> NewBatch {
    let key = BatchKey { organisation: organisation.parse().unwrap(), key: "key".to_owned() };
    NewBatch { key, accepted: 1, refused: 0 }
}

/// Commits need a staging folder, which a lake makes.
async fn commit(folder: &Path, to: &str, batch: Option<NewBatch>) -> Commit {
    let lake = Lake::open(folder, LakeOptions::default(), Arc::new(clock()), Arc::new(Counter)).await.unwrap();
    let staging = Arc::new(lake.staging().await.unwrap());
    Commit { staging, attempt: 5, to: to.to_owned(), change: TableChange::default(), at: Micros(7), batch }
}

/// Whether a commit happened is not answered while the server may still let it happen: what it staged would be removed.
#[tokio::test]
async fn not_committed_is_a_final_answer() {
    let Some((catalog, world)) = empty().await else { return };
    let folder = tempfile::tempdir().unwrap();
    assert!(catalog.create(commit(&folder.path().join("a"), "first", None).await).await.unwrap());
    let commit = commit(&folder.path().join("b"), "second", None).await;
    let (under_way, go_on) = (&Notify::new(), &Notify::new());
    let (id, commit) = (commit.staging.id(), &commit);
    let swap = catalog.database.write(postgres::Settings::none(), |tx| {
        Box::pin(async move {
            let swapped = swap::swap(tx, "first", commit).await?;
            under_way.notify_one();
            go_on.notified().await;
            Ok(swapped)
        })
    });
    let asked = async {
        under_way.notified().await;
        // The answer is waited for by the time somebody waits for the lock.
        let release = async {
            let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            while world.engine.sql(waits) == "0" {
                tokio::task::yield_now().await;
            }
            go_on.notify_one();
        };
        tokio::join!(catalog.committed(id), release).0
    };
    let (swapped, committed) = tokio::join!(swap, asked);
    swapped.unwrap();
    assert_eq!(committed.unwrap(), Some(5));
    assert_eq!(catalog.committed(IngestId(id_of(9))).await.unwrap(), None);
}

fn id_of(number: u8) -> uuid::Uuid {
    uuid::Uuid::from_u128(number.into())
}

#[tokio::test]
async fn every_table_is_guarded_or_says_why_not() {
    let Some((catalog, world)) = empty().await else { return };
    let open = world.engine.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'outhaul_catalog'::regnamespace AND relkind IN ('r', 'p', 'm', 'f')
         AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname",
    );
    let named = ["commits", "iceberg_namespace_properties", "iceberg_tables", "schema_versions"];
    assert_eq!(open.lines().collect::<Vec<_>>(), named);
    let guarded = SCHEMA.tables.iter().filter(|table| table.rows == Guard::Forced).map(|table| table.name);
    assert_eq!(guarded.collect::<Vec<_>>(), ["batches", "pins"]);
    let findings = catalog.check().await;
    let guarded = findings.iter().find(|finding| finding.what == "postgres row security").unwrap();
    assert_eq!(guarded.verdict, Verdict::Ok);
}

/// Statements without a word on whose rows are meant find, and take away, nothing of others.
#[tokio::test]
async fn without_a_word_on_whose_rows_are_meant_others_do_not_come() {
    let Some((catalog, world)) = empty().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let first = commit(&folder.path().join("a"), "first", Some(batch("a"))).await;
    assert!(catalog.create(first).await.unwrap());
    catalog.swap("first", commit(&folder.path().join("b"), "second", Some(batch("b"))).await).await.unwrap();
    for number in [1, 2] {
        let owner = Owner::Organisation("a".parse().unwrap());
        let export = ExportId(id_of(number));
        catalog.pin(Pin { owner, export, snapshot_id: 1, pinned_at: Micros(0) }).await.unwrap();
    }
    let sees = |settings: &str, expected: &str| {
        let script = format!(
            "BEGIN; {settings};
             SELECT (SELECT string_agg(organisation, '') FROM outhaul_catalog.batches),
                 (SELECT string_agg(right(export_id::text, 1), '') FROM outhaul_catalog.pins);
             COMMIT"
        );
        assert_eq!(world.engine.sql_as(&world.service, &script).unwrap(), expected, "{settings}");
    };
    sees("SET LOCAL outhaul.organisation = ''", "|");
    sees("SET LOCAL outhaul.organisation = 'b'", "b|");
    sees(&format!("SET LOCAL outhaul.export = '{}'", id_of(2)), "|2");
    sees("SET LOCAL outhaul.list = 'pins'", "|12");
    for refused in [
        "SET LOCAL outhaul.organisation = 'a'; INSERT INTO outhaul_catalog.batches
            VALUES ('b', 'other', gen_random_uuid(), 1, 1, 1, 1)",
        "SET LOCAL outhaul.list = 'pins'; INSERT INTO outhaul_catalog.pins VALUES (gen_random_uuid(), 'org.a', 1, 1)",
        "DELETE FROM outhaul_catalog.batches",
        "UPDATE outhaul_catalog.pins SET owner = 'org.b'",
        "TRUNCATE outhaul_catalog.pins",
        "ALTER TABLE outhaul_catalog.pins DISABLE ROW LEVEL SECURITY",
        "UPDATE outhaul_catalog.iceberg_tables SET table_name = 'other'",
    ] {
        assert!(world.engine.sql_as(&world.service, &format!("BEGIN; {refused}; COMMIT")).is_err(), "{refused}");
    }
    // A list is there to look at, not to take away.
    let all = "BEGIN; SET LOCAL outhaul.list = 'pins'; DELETE FROM outhaul_catalog.pins; COMMIT";
    world.engine.sql_as(&world.service, all).unwrap();
    assert_eq!(catalog.pins().await.unwrap().len(), 2);
}

/// A lake whose files lie in a folder.
async fn lake_on(folder: &Path, catalog: PostgresCatalog) -> Lake {
    let parts = LakeParts::in_folder(folder, Duration::from_secs(5)).await.unwrap();
    let parts = LakeParts { catalog: Arc::new(catalog), ..parts };
    Lake::open_with(parts, LakeOptions::default(), Arc::new(clock()), Arc::new(Counter)).await.unwrap()
}

/// Two lakes on one catalog, as two processes have them: the batches of both are in the table, each once.
#[tokio::test]
async fn lakes_of_two_processes_share_it() {
    let Some((catalog, world)) = empty().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let lakes = [lake_on(folder.path(), catalog).await, lake_on(folder.path(), world.catalog().await).await];
    let organisation: Slug = "acme".parse().unwrap();
    let ingest = |number: usize| {
        let line = format!("{{\"message_id\":\"{number}\",\"sent_at\":\"2024-01-01T00:00:00Z\",\"text\":\"t\"}}\n");
        let input = Input::Stream(Box::new(Cursor::new(line)), Compression::Plain);
        lakes[number % 2].ingest(&organisation, input, IngestOptions::default())
    };
    let done = tokio::join!(ingest(0), ingest(1), ingest(2), ingest(3));
    for done in [done.0, done.1, done.2, done.3] {
        assert_eq!(done.unwrap().accepted, 1);
    }
    assert!(ingest(0).await.unwrap().already_known);
    for lake in &lakes {
        let plan = lake.plan_now(&organisation, Day::MIN, Day::MAX).await.unwrap();
        assert_eq!(plan.days.iter().map(|day| day.rows).collect::<Vec<_>>(), [4]);
        assert_eq!(lake.check().await.unwrap().orphans, Vec::<String>::new());
    }
}

/// A newer program's database is refused in the words of the lake.
#[tokio::test]
async fn a_catalog_of_a_newer_program_is_left_alone() {
    let Some((catalog, world)) = empty().await else { return };
    world.engine.sql("INSERT INTO outhaul_catalog.schema_versions VALUES (2, sha256(''), 2, 0)");
    let refused = catalog.version().await.unwrap_err();
    assert!(matches!(refused, LakeError::CatalogVersion { found: 2, known: 1 }), "{refused:?}");
    assert!(!refused.retryable());
}
