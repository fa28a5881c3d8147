//! The machine loses its power: what need not last is gone or damaged, and the job store is where it was synced last.

use std::fs;
use std::path::Path;

use artifacts::{ObjectName, Prefix};
use domain::export::{Export, Outcome};
use domain::request::{Format, Request};
use queue::{Queue, Wake};
use rusqlite::Connection;
use testkit::{JobStore, Moment, System, request};

use crate::{DAYS, messages, system, undisturbed};

/// What became of a file that was not synced.
type Loss = fn(&Path);

fn gone(file: &Path) {
    fs::remove_file(file).unwrap();
}

fn empty(file: &Path) {
    fs::write(file, []).unwrap();
}

/// The length was written, the bytes were not.
fn zeros(file: &Path) {
    let bytes = fs::metadata(file).unwrap().len();
    fs::write(file, vec![0; bytes as usize]).unwrap();
}

fn half(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
}

/// What of the job store was on the disk.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Log {
    /// Nothing behind the creation.
    Lost,
    /// All.
    Kept,
}

fn planned(moment: &Moment) -> bool {
    matches!(moment, Moment::Recorded(_, Outcome::Planned(_)))
}

fn first_part(moment: &Moment) -> bool {
    matches!(moment, Moment::Recorded(_, Outcome::SegmentDone { .. }))
}

fn assembled(moment: &Moment) -> bool {
    matches!(moment, Moment::Record(_, Outcome::Assembled { .. }))
}

/// Takes the job store back to where it was, as a log does whose end was not synced.
struct Backup(Connection);

impl Backup {
    fn of(system: &System) -> Self {
        let (file, copy) = (system.folder().join("outhaul.db"), system.folder().join("earlier.db"));
        let connection = Connection::open(file).unwrap();
        connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        connection.execute("ATTACH ?1 AS earlier", [copy.to_str().unwrap()]).unwrap();
        fs::remove_file(copy).unwrap();
        Self(connection)
    }

    fn restore(&self) {
        let tables = ["exports", "steps", "counters", "idempotency"];
        let back = |table| format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM earlier.{table};");
        let all: String = tables.into_iter().map(back).collect();
        self.0.execute_batch(&format!("BEGIN IMMEDIATE; {all} COMMIT")).unwrap();
    }
}

/// Which objects were not synced in time.
type Lost = fn(&ObjectName) -> bool;

fn all_that_need_not_last(object: &ObjectName) -> bool {
    !object.must_last()
}

/// As on a file system that does not keep the order of files: their records are whole.
fn parts_alone(object: &ObjectName) -> bool {
    matches!(object, ObjectName::Part(_))
}

async fn lose(system: &System, export: &Export, lost: Lost, loss: Loss) {
    for prefix in [Prefix::Plans, Prefix::Parts] {
        let objects = system.objects(&prefix).await;
        objects.iter().filter(|object| lost(object)).for_each(|object| loss(&system.path_of(object)));
    }
    // Archives are synced, but nobody has told the job store of this one: its bytes may still be on the way.
    for archive in system.objects(&Prefix::ArchivesOf(export.owner.clone(), export.id)).await {
        assert!(matches!(archive, ObjectName::Archive(..)));
        loss(&system.path_of(&archive));
    }
    system.lake.unpin(export.id).await.unwrap();
}

async fn check(format: Format, when: fn(&Moment) -> bool, (lost, loss): (Lost, Loss), log: Log) {
    let asked = Request { format, ..request(DAYS.0, DAYS.1) };
    let system = system(JobStore::Sqlite).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_quietly("acme", asked.clone()).await;
    let earlier = Backup::of(&system);
    let gate = system.hold(when);
    let crew = system.workers(1).await;
    system.queue.push(Wake::of(export.owner.clone())).await.unwrap();
    gate.reached_by(1).await;
    crew.kill().await;
    if log == Log::Lost {
        earlier.restore();
    }
    lose(&system, &export, lost, loss).await;
    system.leave_alone();
    drop(earlier);

    system.queue.push(Wake::of(export.owner.clone())).await.unwrap();
    system.run_until_settled().await;
    let ended = system.get(&export).await;
    assert_eq!(system.archive_of_success(&ended).await, undisturbed(asked).await, "{log:?}");
    system.assert_nothing_left().await;
}

async fn check_all(loss: Loss) {
    let all = (all_that_need_not_last as Lost, loss);
    for log in [Log::Lost, Log::Kept] {
        check(Format::Zip, planned, all, log).await;
        check(Format::CsvGz, first_part, all, log).await;
        check(Format::Csv, assembled, all, log).await;
    }
}

/// More parts than an assembly has attempts: they are found out together.
#[tokio::test]
async fn parts_whose_records_were_kept_are_built_again() {
    for loss in [zeros as Loss, empty] {
        check(Format::Csv, assembled, (parts_alone, loss), Log::Kept).await;
    }
}

#[tokio::test]
async fn what_is_gone_is_made_again() {
    check_all(gone).await;
}

#[tokio::test]
async fn what_is_empty_is_made_again() {
    check_all(empty).await;
}

#[tokio::test]
async fn what_was_never_written_is_made_again() {
    check_all(zeros).await;
}

#[tokio::test]
async fn what_is_cut_short_is_made_again() {
    check_all(half).await;
}
