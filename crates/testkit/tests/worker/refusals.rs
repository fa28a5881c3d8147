//! What cannot be trusted ends the export with a reason, and never in an archive.

use std::fs;
use std::path::{Path, PathBuf};

use artifacts::{ObjectName, Prefix};
use domain::export::{Export, FailureCode};
use domain::request::Request;
use serde_json::{Value, json};
use testkit::{JobStore, System, request};

use crate::{DAYS, messages, system, undisturbed};

over_both_stores! {
    damaged_data_ends_the_export_with_the_reason,
    rows_that_do_not_add_up_never_succeed,
}

async fn assert_refused(system: &System, export: &Export, reason: &str) {
    let failure = system.failure(export).await;
    assert_eq!(failure.code, FailureCode::Refused, "{failure:?}");
    assert!(failure.message.contains(reason), "{failure:?}");
    assert!(system.archive(export).await.is_empty());
}

/// The files of the lake that end like this.
pub fn data_files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.join("lake/messages/data")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let found = if path.is_dir() { &mut folders } else { &mut files };
            found.push(path);
        }
    }
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    files
}

async fn damaged_data_ends_the_export_with_the_reason(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let file = data_files(&system.folder(), ".parquet").remove(0);
    let good = fs::read(&file).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 8;
    for (bytes, reason) in
        [(&bad[..], "does not match its sum"), (&good[..good.len() - 1], "its length is not the one in the table")]
    {
        fs::write(&file, bytes).unwrap();
        let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
        assert_refused(&system, &export, reason).await;
        assert_eq!(system.get(&export).await.plan.unwrap().segments, 10);
    }
    fs::remove_file(&file).unwrap();
    let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
    assert!(system.failure(&export).await.message.contains("could not be built"));

    // The days that are whole were built meanwhile; the others follow.
    fs::write(&file, &good).unwrap();
    let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
    assert!(export.built_parts > 0 && export.reused_parts > export.built_parts, "{export:?}");
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

/// A record with counters as somebody would like them, under a sum that fits.
fn forge(path: &Path, change: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(path).unwrap();
    let mut record: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    change(&mut record);
    let text = record.to_string();
    fs::write(path, format!("{text}\n{}\n", blake3::hash(text.as_bytes()).to_hex())).unwrap();
}

fn add(to: &mut Value, amount: i64) {
    *to = json!(to.as_i64().unwrap() + amount);
}

async fn rows_that_do_not_add_up_never_succeed(jobs: JobStore) {
    type Change = fn(&mut Value);
    let changes: [Change; 7] = [
        |record| add(&mut record["utc_days"][0]["written"], 1),
        |record| add(&mut record["utc_days"][0]["exact_repeats"], 1),
        |record| add(&mut record["utc_days"][0]["refused_by_filter"], 1),
        |record| add(&mut record["utc_days"][0]["before"], 1),
        |record| {
            add(&mut record["utc_days"][0]["written"], -1);
            add(&mut record["utc_days"][0]["after"], 1);
        },
        // The sum is right, the rows in the part are not so many.
        |record| {
            add(&mut record["utc_days"][0]["written"], -1);
            add(&mut record["utc_days"][0]["exact_repeats"], 1);
        },
        |record| record["utc_days"] = json!([]),
    ];
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let whole = system.export("acme", request(DAYS.0, DAYS.1)).await;
    let expected = system.archive_of_success(&whole).await;
    let records = system.objects(&Prefix::Parts).await.into_iter();
    let record = records.filter(|object| matches!(object, ObjectName::PartSummary(_))).nth(3).unwrap();
    let path = system.path_of(&record);
    let good = fs::read(&path).unwrap();
    for (change, number) in changes.into_iter().zip(0..) {
        forge(&path, change);
        let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
        println!("change {number}");
        assert_refused(&system, &export, "do not add up").await;
        fs::write(&path, &good).unwrap();
    }
    let export = system.export("acme", Request { reuse: true, ..request(DAYS.0, DAYS.1) }).await;
    assert_eq!((export.built_parts, system.archive_of_success(&export).await), (0, expected));
    system.assert_nothing_left().await;
}
