//! Messages that people wrote, in and out of the lake: every row comes back, in order, through a parser that is not ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch};
use domain::clock::ManualClock;
use domain::filter::Filter;
use domain::ids::Slug;
use domain::random::Generator;
use domain::time::{Day, Micros};
use lake::ingest::{IngestOptions, Ingested, Input, SortLimits};
use lake::read::{Columns, OrderedRows, ReadLimits, ReadRequest};
use lake::{Lake, LakeOptions};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// A row in the order of the total order: sent_at, message_id, channel, thread, sender, edited_at, kind, text, attributes.
type Row = (i64, String, Option<String>, Option<String>, Option<String>, Option<i64>, String, String, Option<String>);

fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/messages").join(name);
    if !path.exists() {
        println!("{name} is not there: nothing to compare with");
    }
    path.exists().then_some(path)
}

fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let plain =
        if path.extension().is_some_and(|ending| ending == "zst") { zstd::decode_all(&*bytes).unwrap() } else { bytes };
    String::from_utf8(plain).unwrap()
}

/// Milliseconds and an offset as jiff reads them; the last days of year 9999 are beyond it and come by themselves.
fn micros(time: &str) -> i64 {
    let parsed: Result<jiff::Timestamp, _> = time.parse();
    parsed.map_or_else(|_| time.parse::<Micros>().unwrap().0, |at| at.as_microsecond())
}

fn expected(path: &Path, organisation: &str) -> Vec<Row> {
    let lines = text(path);
    let values =
        lines.split('\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let own = values.filter(|value| value["org"] == organisation);
    let string = |value: &Value| value.as_str().map(str::to_owned);
    let mut rows: Vec<Row> = own
        .map(|value| {
            (
                micros(value["sent_at"].as_str().unwrap()),
                string(&value["message_id"]).unwrap(),
                string(&value["channel"]),
                string(&value["thread"]),
                string(&value["sender"]),
                value["edited_at"].as_str().map(micros),
                string(&value["kind"]).unwrap_or_else(|| "message".to_owned()),
                string(&value["text"]).unwrap(),
                // Key order is the sender's, so objects are compared as values.
                value["attributes"].as_object().map(|_| value["attributes"].to_string()),
            )
        })
        .collect();
    rows.sort();
    rows
}

fn rows(batch: &RecordBatch) -> Vec<Row> {
    let string = |column: usize, i: usize| {
        let array = batch.column(column).as_string::<i32>();
        array.is_valid(i).then(|| array.value(i).to_owned())
    };
    let time = |column: usize, i: usize| {
        let array = batch.column(column).as_primitive::<TimestampMicrosecondType>();
        array.is_valid(i).then(|| array.value(i))
    };
    let row = |i: usize| {
        let attributes = string(8, i).map(|json| serde_json::from_str::<Value>(&json).unwrap().to_string());
        let (kind, text) = (string(6, i).unwrap(), string(7, i).unwrap());
        let names = (string(1, i), string(2, i), string(3, i));
        (time(4, i).unwrap(), string(0, i).unwrap(), names.0, names.1, names.2, time(5, i), kind, text, attributes)
    };
    (0..batch.num_rows()).map(row).collect()
}

struct Store {
    root: tempfile::TempDir,
    lake: Lake,
}

impl Store {
    async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Micros(0)));
        let random = Arc::new(Generator::<ChaCha8Rng>::seeded(7));
        let lake = Lake::open(root.path().join("data"), LakeOptions::default(), clock, random).await.unwrap();
        Self { root, lake }
    }

    async fn ingest(&self, organisation: &Slug, path: &Path, skip_refused: bool) -> Ingested {
        // A small budget, so that real data takes the way over the disk.
        let sort = SortLimits { memory_bytes: 4 << 20, ..SortLimits::default() };
        let options = IngestOptions { skip_refused, sort, ..IngestOptions::default() };
        self.lake.ingest(organisation, Input::File(path.to_owned()), options).await.unwrap()
    }

    async fn read(&self, organisation: &Slug) -> (Vec<Row>, u64) {
        let snapshot = self.lake.current_snapshot().await.unwrap();
        let plan = self.lake.plan(snapshot, organisation, Day::MIN, Day::MAX).await.unwrap();
        let planned: BTreeMap<Day, u64> = plan.days.iter().map(|day| (day.day, day.rows)).collect();
        let request = ReadRequest {
            store: self.lake.blocks(),
            organisation: organisation.clone(),
            files: plan.days.into_iter().flat_map(|day| day.files).collect(),
            start: Micros::MIN,
            end: Micros::MAX.plus(1),
            filter: Filter::default(),
            columns: Columns::ALL,
            spill_folder: self.root.path().to_owned(),
            limits: ReadLimits::default(),
        };
        let mut reader = OrderedRows::open(request).unwrap();
        let found = reader.by_ref().flat_map(|batch| rows(&batch.unwrap())).collect();
        let counters = reader.finish().unwrap();
        assert_eq!(counters.iter().map(|(day, counted)| (*day, counted.total())).collect::<BTreeMap<_, _>>(), planned);
        (found, counters.values().map(|counted| counted.exact_repeats).sum())
    }
}

async fn check(name: &str) {
    let Some(path) = data(&format!("{name}.ndjson.zst")) else { return };
    let (lake, organisation) = (Store::new().await, name.parse().unwrap());
    let expected = expected(&path, name);
    let ingested = lake.ingest(&organisation, &path, false).await;
    assert_eq!((ingested.accepted, ingested.refused_count), (expected.len() as u64, 0));
    let (found, repeats) = lake.read(&organisation).await;
    assert_eq!(repeats, 0);
    assert!(found == expected, "the rows of {name} differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn duraspace_irc() {
    check("duraspace-irc").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haskell_jp() {
    check("haskell-jp").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polyglot_dialogs() {
    check("polyglot-dialogs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_analyzer_commits() {
    check("rust-analyzer-commits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ubuntu_irc() {
    check("ubuntu-irc").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn torture() {
    let Some(path) = data("torture.ndjson") else { return };
    let (lake, organisation) = (Store::new().await, "torture".parse().unwrap());
    let foreign = |ingested: &Ingested| {
        let of = |refused: &lake::ingest::Refused| (refused.line, refused.field.clone());
        ingested.refused.iter().map(of).collect::<Vec<_>>()
    };
    let org = Some("org".to_owned());
    let whole = lake.ingest(&organisation, &path, false).await;
    assert_eq!(
        (whole.accepted, whole.snapshot, foreign(&whole)),
        (0, None, vec![(64, org.clone()), (66, org.clone())])
    );
    assert_eq!(lake.read(&organisation).await, (Vec::new(), 0));
    let taken = lake.ingest(&organisation, &path, true).await;
    assert_eq!((taken.accepted, foreign(&taken)), (64, vec![(64, org.clone()), (66, org)]));
    let mut expected = expected(&path, "torture");
    assert_eq!(expected.len(), 64);
    expected.dedup();
    let (found, repeats) = lake.read(&organisation).await;
    assert!(found == expected, "the rows of torture differ");
    assert_eq!(repeats, 64 - expected.len() as u64);
}
