//! Any slice of any files: the rows and counters of the twin.

use std::collections::BTreeMap;

use domain::time::DAY;
use proptest::prelude::*;

use super::*;
use crate::read::reference;
use crate::rows::testing::any_message;

pub(super) fn any_filter() -> impl Strategy<Value = Filter> {
    let set = || {
        let values =
            prop::collection::btree_set(prop::sample::select(vec!["", "a", "b", "x"]).prop_map(str::to_owned), 1..3);
        prop::option::weighted(0.3, values)
    };
    (set(), set()).prop_map(|(channels, senders)| Filter { channels, senders })
}

/// Files as many ingests would leave them: each holds the rows of one day of one ingest.
fn any_ingests() -> impl Strategy<Value = Vec<Vec<Message>>> {
    prop::collection::vec(prop::collection::vec(any_message(), 1..25), 0..9)
}

fn write_all(folder: &TempDir, ingests: Vec<Vec<Message>>) -> Vec<DataFile> {
    let mut files = Vec::new();
    for ingest in ingests {
        let mut days: BTreeMap<_, Vec<Message>> = BTreeMap::new();
        for message in ingest {
            days.entry(Micros(message.sent_at).utc_day()).or_default().push(message);
        }
        for rows in days.into_values() {
            files.push(write(folder.path(), &format!("{}.parquet", files.len()), rows, small()));
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_slice_is_what_the_twin_reads(
        ingests in any_ingests(),
        bounds in prop::array::uniform2(prop::sample::select(vec![i64::MIN, -DAY, -1, 0, 1, 2, DAY / 2, DAY - 1, DAY, DAY + 1, DAY + 2, i64::MAX])),
        filter in any_filter(),
        fan_in in 2..4_usize,
        batch_rows in 1..5_usize,
        memory_bytes in prop::sample::select(vec![0, 64 << 20]),
    ) {
        let folder = folder();
        let (start, end) = (Micros(bounds[0].min(bounds[1])), Micros(bounds[0].max(bounds[1])));
        let limits = ReadLimits { memory_bytes, fan_in, batch_rows };
        let request = ReadRequest { start, end, filter, limits, ..everything(&folder, write_all(&folder, ingests)) };
        let (expected, expected_counters) = reference::read(&request);
        let mut rows = OrderedRows::open(request).unwrap();
        let mut found = Vec::new();
        for batch in rows.by_ref() {
            let batch = batch.unwrap();
            prop_assert!(batch.num_rows() > 0 && batch.num_rows() <= 7, "{} rows", batch.num_rows());
            found.extend(messages(&Rows::new(&batch)));
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(rows.finish().unwrap(), expected_counters);
        prop_assert_eq!(std::fs::read_dir(folder.path().join("spill")).unwrap().count(), 0);
    }
}

#[test]
fn many_overlapping_files_are_merged_in_rounds() {
    let folder = folder();
    let name = |file: usize| format!("{file}.parquet");
    let rows = |file: usize| {
        (0..20).map(|i| Message::new(i * 100 + file as i64 % 10, &format!("m{file:03}"), "text")).collect()
    };
    let files: Vec<_> = (0..70).map(|file| write(folder.path(), &name(file), rows(file), small())).collect();
    let mut request = everything(&folder, files);
    (request.limits.fan_in, request.limits.batch_rows) = (4, 5);
    let mut expected: Vec<Message> = (0..70).flat_map(rows).collect();
    expected.sort();
    let mut reader = OrderedRows::open(request.clone()).unwrap();
    let first = reader.next().unwrap().unwrap();
    assert!(first.num_rows() > 0);
    let runs = || runs(&folder);
    assert!((2..=4).contains(&runs()), "{} runs are open for the last merge", runs());
    drop(reader);
    assert_eq!(runs(), 0);
    assert_eq!(read(request).unwrap(), expected);
}

#[test]
fn a_hundred_small_files_are_merged_at_once() {
    let folder = folder();
    let rows = |file: usize| (0..50).map(|i| Message::new(i * 100 + file as i64, "m", "text")).collect::<Vec<_>>();
    let files = (0..100).map(|file| write(folder.path(), &format!("{file}.parquet"), rows(file), small()));
    let mut request = everything(&folder, files.collect());
    // What the worker of a machine of two cores has.
    request.limits.memory_bytes = 96 << 20;
    let mut expected: Vec<Message> = (0..100).flat_map(rows).collect();
    expected.sort();
    let reader = OrderedRows::open(request).unwrap();
    let batches: Vec<_> = reader.inspect(|_| assert_eq!(runs(&folder), 0)).map(Result::unwrap).collect();
    assert!(batches.len() <= 2, "{} batches", batches.len());
    assert_eq!(batches.iter().flat_map(|batch| messages(&Rows::new(batch))).collect::<Vec<_>>(), expected);
}

/// Runs on the disk.
fn runs(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join("spill")).unwrap().count()
}

#[test]
fn large_texts_come_a_few_at_a_time() {
    let folder = folder();
    let text = |i: i64| "x".repeat(if i % 50 == 25 { 1 << 20 } else { 10 });
    let rows: Vec<_> = (0..200).map(|i| Message::new(i, "m", &text(i))).collect();
    let file = write(folder.path(), "a.parquet", rows.clone(), WriteLimits::default());
    let request = everything(&folder, vec![file]);
    let batches: Vec<_> = OrderedRows::open(request).unwrap().map(Result::unwrap).collect();
    let sizes = batches.iter().map(|batch| batch.get_array_memory_size());
    assert!(sizes.max().unwrap() < 4 << 20);
    assert_eq!(batches.iter().flat_map(|batch| messages(&Rows::new(batch))).collect::<Vec<_>>(), rows);
}

#[test]
fn counters_are_not_given_before_the_end() {
    let folder = folder();
    let request =
        || everything(&folder, vec![write(folder.path(), "a.parquet", vec![Message::new(0, "m", "t")], small())]);
    let mut rows = OrderedRows::open(request()).unwrap();
    assert!(rows.next().is_some());
    assert!(matches!(rows.finish(), Err(LakeError::Unfinished)));
    assert_eq!(OrderedRows::open(everything(&folder, Vec::new())).unwrap().finish().unwrap(), BTreeMap::new());
}
