//! Peak memory stays flat, whatever the number of messages and files.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use engines::left_out;

use crate::support::{Outhaul, has_tool, is_deep};

/// What no command may take (KiB), caches that the kernel cannot drop included.
const LIMIT_KIB: u64 = 256 * 1024;

/// Runs a command of the program on one core, in the control group that the first argument names, and prints the greatest
/// resident size it had. One core, whatever the machine has: the default number of slots follows the cores, and segments that
/// run at the same time each take their share.
const MEASURE: &str = r#"
import os, resource, subprocess, sys
if sys.argv[1]:
    with open(f"{sys.argv[1]}/cgroup.procs", "w") as members:
        members.write(str(os.getpid()))
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
subprocess.run(sys.argv[2:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"#;

/// A control group whose processes are killed once they need more than [`LIMIT_KIB`]; it goes when it is dropped.
struct Cage(PathBuf);

impl Cage {
    /// In either version of control groups; `None` where it is not allowed.
    fn new() -> Option<Self> {
        let versions = [("memory", "memory.limit_in_bytes"), ("", "memory.max")];
        versions.iter().find_map(|(controller, limit)| {
            let name = format!("outhaul-test-{}-{:?}", std::process::id(), std::thread::current().id());
            let path = Path::new("/sys/fs/cgroup").join(controller).join(name.replace(['(', ')'], ""));
            fs::create_dir(&path).ok()?;
            let cage = Self(path);
            fs::metadata(cage.0.join("cgroup.procs")).ok()?;
            fs::write(cage.0.join(limit), (LIMIT_KIB * 1024).to_string()).ok()?;
            Some(cage)
        })
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

fn peak_kib(outhaul: &Outhaul, args: &[&str]) -> u64 {
    let cage = Cage::new();
    if cage.is_none() {
        left_out("the right to make a control group, so that the limit is measured and not enforced");
    }
    let group = cage.as_ref().map_or("", |cage| cage.0.to_str().unwrap());
    let output = outhaul.command_under(&["python3", "-c", MEASURE, group], args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let peak = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert!(peak < LIMIT_KIB, "{args:?} took {peak} KiB");
    peak
}

/// Peaks of ingesting the files and of exporting them.
fn peaks(outhaul: &Outhaul, files: &[&Path], days: u32) -> (u64, u64) {
    let mut ingest = vec!["-q", "ingest", "--org", "org-0001", "--create"];
    ingest.extend(files.iter().map(|file| file.to_str().unwrap()));
    let to = format!("2024-01-{days:02}");
    let export = [
        "-q",
        "export",
        "messages",
        "--org",
        "org-0001",
        "--from",
        "2024-01-01",
        "--to",
        &to,
        "--no-reuse",
        "--output",
        "out.zip",
        "--force",
    ];
    (peak_kib(outhaul, &ingest), peak_kib(outhaul, &export))
}

fn peaks_of(messages: u32, days: u32) -> (u64, u64) {
    let outhaul = Outhaul::new();
    let (messages, days_text) = (messages.to_string(), days.to_string());
    let file = outhaul.generate("m.ndjson", &["--messages", &messages, "--organisations", "1", "--days", &days_text]);
    let peaks = peaks(&outhaul, &[&file], days);
    println!("{messages} messages over {days} days: ingest {} KiB, export {} KiB", peaks.0, peaks.1);
    peaks
}

/// By how much equal runs differ (KiB).
const NOISE_KIB: u64 = 2 * 1024;

/// Twice the messages take at most a tenth more.
#[track_caller]
fn flat(small: (u64, u64), large: (u64, u64)) {
    for (small, large) in [(small.0, large.0), (small.1, large.1)] {
        assert!(large <= small + small / 10 + NOISE_KIB, "{small} KiB became {large} KiB");
    }
}

#[test]
fn one_busy_day() {
    if !has_tool("one_busy_day", "python3") {
        return;
    }
    flat(peaks_of(2_000_000, 1), peaks_of(4_000_000, 1));
}

#[test]
fn a_month() {
    if !has_tool("a_month", "python3") {
        return;
    }
    flat(peaks_of(2_000_000, 31), peaks_of(4_000_000, 31));
}

/// The same day in 1,000 files, each over the whole of it.
#[test]
fn a_thousand_overlapping_files() {
    if !has_tool("a_thousand_overlapping_files", "python3") {
        return;
    }
    let outhaul = Outhaul::new();
    let messages = if is_deep() { "2000000" } else { "500000" };
    let file = outhaul.generate("m.ndjson", &["--messages", messages, "--organisations", "1", "--days", "1"]);
    let dealt = deal(&outhaul, &file, 1_000);
    let paths: Vec<_> = dealt.iter().map(PathBuf::as_path).collect();
    let many = peaks(&outhaul, &paths, 1);
    let hash = outhaul.sha256("out.zip");
    println!("{messages} messages in 1,000 files: ingest {} KiB, export {} KiB", many.0, many.1);
    let one = Outhaul::new();
    one.ingest("org-0001", &[&file]);
    one.export("org-0001", ("2024-01-01", "2024-01-01"), "out.zip", &[]);
    assert_eq!(one.sha256("out.zip"), hash);
}

/// Deals lines out in turn.
fn deal(outhaul: &Outhaul, file: &Path, count: usize) -> Vec<PathBuf> {
    let paths: Vec<_> = (0..count).map(|number| outhaul.file(&format!("d{number}.ndjson"))).collect();
    let mut files: Vec<_> = paths.iter().map(|path| BufWriter::new(File::create(path).unwrap())).collect();
    for (line, number) in fs::read_to_string(file).unwrap().lines().zip(0..) {
        writeln!(files[number % count], "{line}").unwrap();
    }
    files.into_iter().for_each(|mut file| file.flush().unwrap());
    paths
}
