//! What inputs become: the same partitions however the rows come, and nothing from a refused one.

use std::io::Cursor;
use std::path::Path;

use domain::filter::Filter;
use domain::ids::Slug;
use domain::time::{Day, Micros};
use proptest::prelude::*;

use crate::error::LakeError;
use crate::file::WrittenFile;
use crate::ingest::{Compression, IngestOptions, Ingested, Input, InputError, SortLimits, Staged, stage};
use crate::parquet::WriteLimits;
use crate::read::{Columns, OrderedRows, ReadLimits, ReadRequest};
use crate::rows::Rows;
use crate::rows::testing::{Message, any_message, messages};

fn acme() -> Slug {
    "acme".parse().unwrap()
}

fn line(message: &Message) -> String {
    let time = |at: i64| Micros(at).to_string();
    let attributes = message.attributes.as_ref().map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
    serde_json::json!({
        "message_id": message.message_id,
        "channel": message.channel,
        "thread": message.thread,
        "sender": message.sender,
        "sent_at": time(message.sent_at),
        "edited_at": message.edited_at.map(time),
        "kind": message.kind,
        "text": message.text,
        "attributes": attributes,
    })
    .to_string()
}

fn stream(lines: &[String]) -> Input {
    Input::Stream(Box::new(Cursor::new(lines.join("\n"))), Compression::Plain)
}

fn options(memory_bytes: usize, write: WriteLimits) -> IngestOptions {
    let sort = SortLimits { memory_bytes, fan_in: 2, batch_rows: 3, batch_bytes: 2_000 };
    IngestOptions { sort, write, ..IngestOptions::default() }
}

/// All rows of the files, repeats left out, per day and file.
fn read_back(files: &[WrittenFile], spill_folder: &Path) -> Vec<Message> {
    let request = ReadRequest {
        store: std::sync::Arc::new(crate::parquet::LocalBlocks),
        organisation: acme(),
        files: files.iter().map(|written| written.file.clone()).collect(),
        start: Micros::MIN,
        end: Micros(i64::MAX),
        filter: Filter::default(),
        columns: Columns::ALL,
        spill_folder: spill_folder.to_owned(),
        limits: ReadLimits::default(),
    };
    OrderedRows::open(request).unwrap().flat_map(|batch| messages(&Rows::new(&batch.unwrap()))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_same_rows_give_the_same_partitions(
        rows in prop::collection::vec(any_message(), 1..60),
        memory_bytes in 1..4_000_usize,
        page_rows in 1..9_usize,
        file_bytes in prop::sample::select(vec![1, u64::MAX]),
    ) {
        let limits = WriteLimits { row_group_rows: 20, row_group_bytes: 9_000, page_rows, page_bytes: 500, file_bytes };
        let lines: Vec<String> = rows.iter().map(line).collect();
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let whole = stage(&acme(), stream(&lines), one.path(), &options(usize::MAX, WriteLimits::default())).unwrap();
        let spilled = stage(&acme(), stream(&lines), other.path(), &options(memory_bytes, limits)).unwrap();
        let mut days: Vec<Day> = rows.iter().map(|row| Micros(row.sent_at).utc_day()).collect();
        days.sort();
        days.dedup();
        let mut expected = rows.clone();
        expected.sort();
        expected.dedup();
        for (staged, folder) in [(&whole, &one), (&spilled, &other)] {
            prop_assert_eq!(staged.accepted, rows.len() as u64);
            prop_assert_eq!(staged.files.iter().map(|written| written.file.rows).sum::<u64>(), rows.len() as u64);
            let mut written: Vec<Day> = staged.files.iter().map(|written| written.file.day).collect();
            written.dedup();
            prop_assert_eq!(&written, &days);
            prop_assert_eq!(&read_back(&staged.files, folder.path()), &expected);
            let left = std::fs::read_dir(folder.path()).unwrap().count();
            prop_assert_eq!(left, 2 * staged.files.len(), "files and sums, no runs");
        }
    }
}

#[test]
fn metrics_are_those_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let with =
        |id: &str, sender: Option<&str>| Message { sender: sender.map(str::to_owned), ..Message::new(7, id, "t") };
    let rows = [with("b-0123456789abcdefgh", None), with("a-0123456789abcdefgh", Some("s")), Message::new(9, "b", "")];
    let lines: Vec<String> = rows.iter().map(line).collect();
    let staged = stage(&acme(), stream(&lines), folder.path(), &IngestOptions::default()).unwrap();
    let [written] = staged.files.as_slice() else { panic!("one file") };
    let (file, metrics) = (&written.file, &written.metrics);
    assert_eq!((file.first_sent_at.0, file.last_sent_at.0, file.rows, file.day), (7, 9, 3, Day(0)));
    assert_eq!(file.bytes, std::fs::metadata(&file.path).unwrap().len());
    assert_eq!(metrics.value_counts.values().copied().collect::<Vec<_>>(), [3; 10]);
    assert_eq!(metrics.null_value_counts.values().copied().collect::<Vec<_>>(), [0, 0, 3, 3, 2, 0, 3, 0, 0, 3]);
    assert_eq!(metrics.column_sizes.len(), 10);
    assert!(metrics.column_sizes.values().sum::<u64>() < file.bytes);
    assert_eq!(
        (metrics.message_id_lower.as_str(), metrics.message_id_upper.as_deref()),
        ("a-0123456789abcd", Some("b-0123456789abce"))
    );
    assert_eq!(metrics.split_offsets, [4]);
}

fn bad_lines() -> Vec<String> {
    let good = line(&Message::new(7, "m", "t"));
    vec![good.clone(), "{}".to_owned(), String::new(), good.clone(), "[]".to_owned(), good]
}

fn listed(staged: &Staged) -> Vec<(u64, Option<&str>, &str)> {
    staged.refused.iter().map(|refused| (refused.line, refused.field.as_deref(), refused.reason.as_str())).collect()
}

#[test]
fn one_refused_line_refuses_the_input_and_all_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let stage = |options: &IngestOptions| stage(&acme(), stream(&bad_lines()), folder.path(), options).unwrap();
    let all = [(2, Some("message_id"), "is missing"), (5, None, "is not a JSON object")];
    let refused = stage(&IngestOptions::default());
    assert_eq!((refused.accepted, refused.files.len(), refused.refused_count), (0, 0, 2));
    assert_eq!(listed(&refused), all);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let limited = stage(&IngestOptions { refused_limit: 1, ..IngestOptions::default() });
    assert_eq!((listed(&limited), limited.refused_count), (all[..1].to_vec(), 2));
    let skipped = stage(&IngestOptions { skip_refused: true, ..IngestOptions::default() });
    assert_eq!((skipped.accepted, skipped.refused_count, skipped.files[0].file.rows), (3, 2, 3));
    assert_eq!(listed(&skipped), all);
}

#[tokio::test]
async fn a_batch_is_taken_once() {
    let root = tempfile::tempdir().unwrap();
    let lake = crate::testing::lake(root.path(), 1).await;
    let empty = lake.current_snapshot().await.unwrap();
    let refused = lake.ingest(&acme(), stream(&bad_lines()), IngestOptions::default()).await.unwrap();
    assert_eq!((refused.accepted, refused.refused_count, refused.snapshot, refused.already_known), (0, 2, None, false));
    assert_eq!(lake.current_snapshot().await.unwrap(), empty);

    let skip = || IngestOptions { skip_refused: true, ..IngestOptions::default() };
    let first = lake.ingest(&acme(), stream(&bad_lines()), skip()).await.unwrap();
    let snapshot = lake.current_snapshot().await.unwrap();
    assert_eq!(
        (first.accepted, first.refused_count, first.snapshot, first.already_known),
        (3, 2, Some(snapshot), false)
    );
    let again = lake.ingest(&acme(), stream(&bad_lines()), skip()).await.unwrap();
    assert_eq!(again, Ingested { already_known: true, ..first.clone() });

    let keyed = |lines: &[String], key: &str| {
        (stream(lines), IngestOptions { batch_key: Some(key.to_owned()), ..IngestOptions::default() })
    };
    let (input, options) = keyed(&bad_lines()[..1], "k");
    let one = lake.ingest(&acme(), input, options).await.unwrap();
    assert_eq!((one.accepted, one.already_known), (1, false));
    let (input, options) = keyed(&bad_lines(), "k");
    let known = lake.ingest(&acme(), input, options).await.unwrap();
    assert_eq!(known, Ingested { already_known: true, ..one });

    let plan = lake.plan(lake.current_snapshot().await.unwrap(), &acme(), Day(0), Day(0)).await.unwrap();
    let files: Vec<_> = plan.days.into_iter().flat_map(|day| day.files).collect();
    assert_eq!((files.len(), files.iter().map(|file| file.rows).sum::<u64>()), (2, 4));
    assert_eq!(
        std::fs::read_dir(root.path().join("staging"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().is_dir())
            .count(),
        0
    );
}

#[tokio::test]
async fn an_empty_input_is_a_batch_without_rows() {
    let root = tempfile::tempdir().unwrap();
    let lake = crate::testing::lake(root.path(), 1).await;
    let first = lake.ingest(&acme(), stream(&[]), IngestOptions::default()).await.unwrap();
    let again = lake.ingest(&acme(), stream(&[]), IngestOptions::default()).await.unwrap();
    assert_eq!((first.accepted, first.already_known, again.accepted, again.already_known), (0, false, 0, true));
    assert_eq!(again.snapshot, first.snapshot);
}

#[tokio::test]
async fn an_input_that_breaks_off_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let lake = crate::testing::lake(root.path(), 1).await;
    let packed = zstd::encode_all(bad_lines()[0].repeat(50).as_bytes(), 3).unwrap();
    let cut = Input::Stream(Box::new(Cursor::new(packed[..packed.len() - 3].to_vec())), Compression::Zstd);
    let failed = lake.ingest(&acme(), cut, IngestOptions::default()).await;
    assert!(matches!(failed, Err(LakeError::Input(InputError::Truncated { format: "zstd", .. }))));
    assert_eq!(
        std::fs::read_dir(root.path().join("staging"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().is_dir())
            .count(),
        0
    );
}
