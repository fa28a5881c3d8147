//! The process is killed (SIGKILL) at durable steps and at random moments; nothing is lost, doubled or left over.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use crate::mode::Mode;
use crate::support::{Outhaul, is_deep};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::json;

const SIGKILL: i32 = 9;

const INGEST: &[&str] = &[
    "ingest.spilled",
    "ingest.written",
    "ingest.intent",
    "ingest.renamed",
    "commit.manifest",
    "commit.list",
    "commit.metadata",
    "commit.swap",
    "commit.swapped",
    "ingest.cleaned",
];
const PLAN: &[&str] = &["plan.pinned", "plan.written"];
const SEGMENT: &[&str] = &["segment.encoded", "segment.recorded", "segment.stored"];
const ASSEMBLE: &[&str] = &["assemble.checked", "assemble.stored"];

/// Impatient, and with so little memory for sorting that ingest spills.
fn outhaul() -> Outhaul {
    Outhaul::impatient().with("OUTHAUL_INGEST__SORT_MEMORY_BYTES", 1 << 20)
}

struct Kills {
    rng: ChaCha8Rng,
    count: BTreeMap<&'static str, u32>,
}

impl Kills {
    fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), count: BTreeMap::new() }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.rng.next_u64() % bound as u64) as usize
    }

    fn point(&mut self, points: &[&'static str]) -> &'static str {
        points[self.below(points.len())]
    }

    /// Runs a command that dies at the `n`th pass of a failpoint.
    fn at(&mut self, outhaul: &Outhaul, args: &[&str], point: &'static str, n: usize, within: &'static str) {
        let order = format!("{point}:{n}");
        let output = outhaul.command(args).env("OUTHAUL_KILL_AT", &order).output().unwrap();
        assert_eq!(output.status.signal(), Some(SIGKILL), "{order}: {}", String::from_utf8_lossy(&output.stderr));
        *self.count.entry(within).or_default() += 1;
    }

    /// Runs a command and kills it after a random time, if it still runs then.
    fn after_a_while(&mut self, outhaul: &Outhaul, args: &[&str]) {
        let mut child = outhaul.command(args).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(self.rng.next_u64() % 250));
        child.kill().unwrap();
        if child.wait().unwrap().signal() == Some(SIGKILL) {
            *self.count.entry("any moment").or_default() += 1;
        }
    }
}

#[test]
fn killed_exports_go_on_to_the_same_bytes() {
    let outhaul = outhaul();
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    let output = outhaul.file("out.zip");
    let export = [
        "export",
        "messages",
        "--org",
        "org-0001",
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-31",
        "--no-reuse",
        "--force",
        "--output",
        output.to_str().unwrap(),
    ];
    let undisturbed = outhaul.json(&export);
    let expected = outhaul.sha256("out.zip");
    let segments = undisturbed["built_parts"].as_u64().unwrap() as usize;
    assert!(segments >= 20, "{undisturbed}");

    let mut kills = Kills::new(2);
    let share = if is_deep() { 10 } else { 1 };
    let plan = [("plan", PLAN, 1, 20), ("segment", SEGMENT, segments, 25), ("assemble", ASSEMBLE, 1, 20)];
    let mut exports = 1;
    for (within, points, passes, times) in plan {
        for _ in 0..times * share {
            let (point, n) = (kills.point(points), 1 + kills.below(passes));
            kills.at(&outhaul, &export, point, n, within);
            goes_on(&outhaul, &export, &expected);
            exports += 1;
        }
    }
    for _ in 0..10 * share {
        kills.after_a_while(&outhaul, &export);
        goes_on(&outhaul, &export, &expected);
        exports += 1;
    }
    println!("killed inside: {:?}", kills.count);

    // What is left is what finished exports own: a plan, an archive, and each part with its record.
    let files = outhaul.files();
    let below = |folder: &str| files.iter().filter(|name| name.starts_with(folder)).count();
    assert!(below("artifacts/archives/") <= exports + 10, "{files:?}");
    assert!(below("artifacts/archives/") >= exports - 10, "{files:?}");
    let archives = below("artifacts/archives/");
    assert_eq!(below("artifacts/plans/"), archives);
    assert_eq!(below("artifacts/parts/"), archives * segments * 2);
    assert_eq!(below("artifacts/tmp/"), 0, "{files:?}");
    assert_eq!(below("staging/"), 0, "{files:?}");
    assert_eq!(outhaul.json(&["lake", "stats"])["pins"], 0);
    assert_eq!(outhaul.json(&["lake", "check"])["orphans"], json!([]));
}

fn goes_on(outhaul: &Outhaul, export: &[&str], expected: &str) {
    let done = outhaul.json(export);
    assert_eq!(done["state"], "succeeded");
    assert_eq!(outhaul.sha256("out.zip"), expected);
}

#[test]
fn killed_ingests_leave_no_row_lost_or_doubled() {
    let outhaul = outhaul();
    killed_ingests(&outhaul, INGEST, if is_deep() { 250 } else { 25 });
    assert_eq!(outhaul.files().iter().filter(|name| name.starts_with("staging/")).count(), 0);
}

/// What an ingest does on PostgreSQL and a bucket.
const INGEST_ON_ENGINES: &[&str] = &[
    "s3.put.before",
    "s3.put.after",
    "commit.manifest",
    "commit.metadata",
    "commit.swap",
    "postgres.commit.before",
    "postgres.commit.after",
    "commit.swapped",
];

#[test]
fn killed_ingests_on_postgres_and_a_bucket_leave_no_row_lost_or_doubled() {
    let Some(mode) = Mode::embedded().with_postgres().and_then(Mode::with_bucket) else { return };
    mode.outhaul.run(&["migrate"]).expect(0);
    killed_ingests(&mode.outhaul, INGEST_ON_ENGINES, if is_deep() { 80 } else { 10 });
}

/// Every ingest but the first is killed at one of the points, in turn, or at any moment, and given again.
fn killed_ingests(outhaul: &Outhaul, points: &[&'static str], ingests: usize) {
    let messages = outhaul.generate("m.ndjson", &["--messages", "6000", "--organisations", "1", "--days", "5"]);
    // The organisation is part of each line; here each ingest has one of its own.
    let text = std::fs::read_to_string(&messages).unwrap().replace("\"org\":\"org-0001\",", "");
    assert!(!text.contains("org-0001\",\"channel"));
    std::fs::write(&messages, &text).unwrap();
    let path = messages.to_str().unwrap();
    let mut kills = Kills::new(3);
    let (mut expected, mut rows) = (None, None);
    for number in 0..ingests {
        let org = format!("org-{number:04}");
        let ingest = ["ingest", "--org", &org, "--create", path];
        match number {
            0 => {}
            _ if number % 5 == 0 => kills.after_a_while(outhaul, &ingest),
            _ => {
                let point = points[number % points.len()];
                kills.at(outhaul, &ingest, point, 1, "ingest");
            }
        }
        outhaul.run(&ingest).expect(0);
        outhaul.export(&org, ("2024-01-01", "2024-01-31"), "out.csv", &["--format", "csv"]);
        let hash = outhaul.sha256("out.csv");
        assert_eq!(*expected.get_or_insert(hash.clone()), hash, "{org}");
    }
    println!("killed inside: {:?}", kills.count);
    assert!(kills.count["ingest"] as usize >= ingests * 2 / 5);
    let stats = outhaul.json(&["lake", "stats"]);
    for org in stats["organisations"].as_array().unwrap() {
        let counted = org["rows"].as_u64().unwrap();
        assert_eq!(*rows.get_or_insert(counted), counted, "{org}");
    }
    assert_eq!(rows, Some(text.lines().count() as u64));
    let checked = outhaul.json(&["lake", "check"]);
    assert_eq!((&checked["ok"], &checked["orphans"]), (&json!(true), &json!([])));
}
