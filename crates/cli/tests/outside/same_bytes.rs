//! The same request on the same data gives the same bytes.

use std::fs;
use std::path::PathBuf;

use crate::support::{Outhaul, real_messages};

const WORKERS: [u32; 3] = [1, 2, 5];

/// Months are cut into days and days into windows, so that there is something to interleave.
fn outhaul() -> Outhaul {
    Outhaul::new().with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 2_000)
}

fn lines_of(outhaul: &Outhaul) -> Vec<String> {
    let path = outhaul.generate("all.ndjson", &["--messages", "60000", "--organisations", "1", "--seed", "7"]);
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn exported(outhaul: &Outhaul, format: &str) -> String {
    let name = format!("out.{format}");
    outhaul.export(
        "org-0001",
        ("2024-01-02", "2024-01-30"),
        &name,
        &["--time-zone", "Asia/Kolkata", "--format", format],
    );
    outhaul.sha256(&name)
}

#[test]
fn one_hash_for_every_way_to_the_same_rows() {
    let first = outhaul();
    let lines = lines_of(&first);
    first.ingest("org-0001", &[&first.file("all.ndjson")]);
    let formats = ["zip", "csv", "csv.gz"];
    let expected = formats.map(|format| exported(&first, format));

    // Again, with every part and archive gone.
    fs::remove_dir_all(first.data().join("artifacts")).unwrap();
    assert_eq!(formats.map(|format| exported(&first, format)), expected);

    // In other batches, in another order, with 1, 2 and 5 workers.
    for (workers, seed) in WORKERS.into_iter().zip(1..) {
        let other = outhaul().with("OUTHAUL_WORKER__SLOTS", workers);
        let batches = batches(&other, &lines, seed);
        let paths: Vec<_> = batches.iter().map(PathBuf::as_path).collect();
        other.ingest("org-0001", &paths);
        assert_eq!(formats.map(|format| exported(&other, format)), expected, "{workers} workers");
    }
}

/// Several processes at once are workers on one data folder, too.
#[test]
fn one_hash_for_several_processes() {
    let outhaul = outhaul();
    lines_of(&outhaul);
    outhaul.ingest("org-0001", &[&outhaul.file("all.ndjson")]);
    let expected = exported(&outhaul, "zip");
    let range = ["--from", "2024-01-02", "--to", "2024-01-30", "--time-zone", "Asia/Kolkata"];
    let export = |number: u32| {
        let output = format!("p{number}.zip");
        let mut args = vec!["export", "messages", "--org", "org-0001", "--no-reuse", "--output", &output];
        args.extend(range);
        outhaul.command(&args).spawn().unwrap()
    };
    let children: Vec<_> = (0..5).map(export).collect();
    for (mut child, number) in children.into_iter().zip(0..) {
        assert!(child.wait().unwrap().success());
        assert_eq!(outhaul.sha256(&format!("p{number}.zip")), expected);
    }
}

#[test]
fn real_messages_have_one_hash_too() {
    let Some(messages) = real_messages("real_messages_have_one_hash_too") else { return };
    let original = messages.join("ubuntu-irc.ndjson.zst");
    let hashes = WORKERS.map(|workers| {
        let outhaul = outhaul().with("OUTHAUL_WORKER__SLOTS", workers);
        outhaul.ingest("ubuntu-irc", &[&original]);
        outhaul.export("ubuntu-irc", ("2004-11-15", "2009-12-05"), "out.zip", &["--time-zone", "Asia/Tokyo"]);
        outhaul.sha256("out.zip")
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

/// Deals the lines out to files of very different length, in an order decided by the seed.
fn batches(outhaul: &Outhaul, lines: &[String], seed: usize) -> Vec<PathBuf> {
    let mut lines: Vec<&String> = lines.iter().collect();
    let count = lines.len();
    // A stride that shares no divisor with the count visits each line once.
    let stride = (1..).map(|n| n * 7919 + seed).find(|stride| gcd(*stride, count) == 1).unwrap();
    let order: Vec<usize> = (0..count).map(|index| index * stride % count).collect();
    lines = order.into_iter().map(|index| lines[index]).collect();
    let sizes = (0..).map(|n: usize| 1 + (n * n * 97 + seed) % 9_000);
    let (mut paths, mut start) = (Vec::new(), 0);
    for size in sizes {
        if start == count {
            return paths;
        }
        let end = count.min(start + size);
        let path = outhaul.file(&format!("batch-{seed}-{}.ndjson", paths.len()));
        let text: String = lines[start..end].iter().map(|line| format!("{line}\n")).collect();
        fs::write(&path, text).unwrap();
        paths.push(path);
        start = end;
    }
    paths
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
