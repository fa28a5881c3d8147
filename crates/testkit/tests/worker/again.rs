//! The same export again: its archive is that of the one before, under a second name.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use artifacts::ObjectName;
use domain::export::{Export, State};
use domain::request::{Format, Request};
use queue::{Queue, Wake};
use stores::Jobs;
use testkit::{Messages, Settings, System, request};

use crate::DAYS;

/// Enough for an archive over the size from which one is looked for.
fn many() -> Messages {
    Messages { count: 20_000, ..crate::messages(1) }
}

fn file_of(system: &System, export: &Export) -> PathBuf {
    let State::Succeeded { files, .. } = &export.state else { panic!("{export:?}") };
    system.path_of(&ObjectName::archive(&export.owner, export.id, &files[0].name).unwrap())
}

fn inode(system: &System, export: &Export) -> u64 {
    let found = fs::metadata(file_of(system, export)).unwrap();
    assert!(found.len() > 1 << 20, "{} bytes", found.len());
    found.ino()
}

#[tokio::test]
async fn the_same_archive_gets_a_second_name() {
    let system = System::with(Settings::default().limits(|limits| limits.segment_rows_target = 100_000)).await;
    system.ingest_generated("acme", many()).await;
    let asked = Request { format: Format::Csv, ..request(DAYS.0, DAYS.1) };
    let first = system.export("acme", asked.clone()).await;
    let (expected, of_first) = (system.archive_of_success(&first).await, inode(&system, &first));
    let second = system.export("acme", asked.clone()).await;
    assert_eq!((system.archive_of_success(&second).await, inode(&system, &second)), (expected.clone(), of_first));

    system.jobs.cancel(&first.owner, first.id).await.unwrap();
    system.queue.push(Wake::of(first.owner.clone())).await.unwrap();
    system.run_until_settled().await;
    assert_eq!(system.archive_of_success(&second).await, expected);

    for other in [Request { reuse: false, ..asked.clone() }, Request { format: Format::Zip, ..asked.clone() }] {
        let other = system.export("acme", other).await;
        assert!(fs::metadata(file_of(&system, &other)).unwrap().ino() != of_first);
    }
    let whole = fs::read(file_of(&system, &second)).unwrap();
    let mut damaged = whole.clone();
    damaged[700_000] ^= 1;
    fs::write(file_of(&system, &second), damaged).unwrap();
    let third = system.export("acme", asked).await;
    assert_eq!(system.archive_of_success(&third).await, expected, "put together from its parts");
    assert_ne!(inode(&system, &third), of_first);
    fs::write(file_of(&system, &second), whole).unwrap();
    system.assert_nothing_left().await;
}
