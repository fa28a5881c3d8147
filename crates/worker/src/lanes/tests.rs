//! Lanes: which threads are used, and how rows and failures come over.

use std::io::Cursor;
use std::sync::{Arc, Barrier};
use std::thread::{self, ThreadId};

use domain::filter::Filter;
use domain::ids::Slug;
use domain::time::Micros;
use lake::LakeError;
use lake::ingest::{Compression, IngestOptions, Input, stage};
use lake::parquet::LocalBlocks;
use lake::read::{Columns, ReadLimits, ReadRequest};
use tempfile::TempDir;

use super::{LaneError, Lanes};

const ROWS: usize = 1_000;

fn this_thread(_: &super::Reader) -> ThreadId {
    thread::current().id()
}

/// A day of [`ROWS`] rows, which come in batches of ten.
fn day(folder: &TempDir) -> ReadRequest {
    let line = |number| {
        format!("{{\"message_id\":\"{number}\",\"sent_at\":\"2024-01-01T00:00:00.{number:06}Z\",\"text\":\"t\"}}\n")
    };
    let text: String = (0..ROWS).map(line).collect();
    let organisation: Slug = "acme".parse().unwrap();
    let input = Input::Stream(Box::new(Cursor::new(text)), Compression::Plain);
    let staged = stage(&organisation, input, folder.path(), &IngestOptions::default()).unwrap();
    ReadRequest {
        store: Arc::new(LocalBlocks),
        organisation,
        files: staged.files.into_iter().map(|written| written.file).collect(),
        start: Micros::MIN,
        end: Micros(i64::MAX),
        filter: Filter::default(),
        columns: Columns::ALL,
        spill_folder: folder.path().to_owned(),
        limits: ReadLimits { batch_rows: 10, ..ReadLimits::default() },
    }
}

#[tokio::test]
async fn one_piece_of_work_after_another_takes_the_same_lane() {
    let lanes = Lanes::default();
    let first = lanes.run(this_thread).await.unwrap();
    assert_ne!(first, thread::current().id());
    for _ in 0..10 {
        assert_eq!(lanes.run(this_thread).await.unwrap(), first);
    }
    let both = Arc::new(Barrier::new(2));
    let at_once = |both: Arc<Barrier>| {
        move |_: &super::Reader| {
            both.wait();
            thread::current().id()
        }
    };
    let (one, other) = tokio::join!(lanes.run(at_once(Arc::clone(&both))), lanes.run(at_once(both)));
    assert_ne!(one.unwrap(), other.unwrap());
    assert_eq!(lanes.idle().len(), 2);
}

#[tokio::test]
async fn a_panic_is_an_error_and_costs_the_lane() {
    let lanes = Lanes::default();
    let first = lanes.run(this_thread).await.unwrap();
    let panicked = lanes.run(|_| panic!("on purpose")).await;
    assert!(matches!(panicked, Err(LaneError::Panicked)));
    assert_ne!(lanes.run(this_thread).await.unwrap(), first);
}

#[tokio::test]
async fn rows_come_in_order_and_with_their_counters() {
    let folder = tempfile::tempdir().unwrap();
    let (request, lanes) = (day(&folder), Lanes::default());
    let read = move |reader: &super::Reader| {
        let mut rows = reader.read(request);
        let counted: usize = rows.by_ref().map(|batch| batch.unwrap().num_rows()).sum();
        assert!(rows.next().is_none());
        (counted, rows.finish().unwrap())
    };
    let (counted, counters) = lanes.run(read).await.unwrap();
    assert_eq!(counted, ROWS);
    assert_eq!(counters.values().map(|day| day.written).sum::<u64>(), ROWS as u64);
}

#[tokio::test]
async fn rows_let_go_early_have_no_counters_and_leave_the_thread_free() {
    let folder = tempfile::tempdir().unwrap();
    let (request, lanes) = (day(&folder), Lanes::default());
    let read = move |reader: &super::Reader| {
        for taken in 0..10 {
            let mut rows = reader.read(request.clone());
            assert_eq!(rows.by_ref().take(taken).count(), taken);
            assert!(matches!(rows.finish(), Err(LakeError::Unfinished)));
        }
        reader.read(request).count()
    };
    assert_eq!(lanes.run(read).await.unwrap(), ROWS / 10);
}

#[tokio::test]
async fn what_ends_the_rows_early_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (request, lanes) = (day(&folder), Lanes::default());
    for file in &request.files {
        std::fs::remove_file(&file.path).unwrap();
    }
    let read = move |reader: &super::Reader| {
        let mut rows = reader.read(request);
        assert!(matches!(rows.next(), Some(Err(_))));
        assert!(rows.next().is_none());
        assert!(rows.finish().is_err());
    };
    lanes.run(read).await.unwrap();
}
