//! A job store that takes no writes: the command says so and ends, and the same command goes on later.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use engines::left_out_of;

use crate::support::{Outhaul, Ran, has_tool};

const EXPORT: &[&str] = &[
    "export",
    "messages",
    "--org",
    "org-0001",
    "--from",
    "2024-01-01",
    "--to",
    "2024-01-02",
    "--force",
    "--output",
    "out.zip",
];

/// With an export that a killed command left.
fn outhaul() -> Outhaul {
    let outhaul = Outhaul::new()
        .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1000)
        .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200)
        .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 100);
    let messages = outhaul.generate("m.ndjson", &["--messages", "500", "--organisations", "1", "--days", "2"]);
    outhaul.ingest("org-0001", &[&messages]);
    outhaul.command(EXPORT).env("OUTHAUL_KILL_AT", "plan.pinned:1").output().unwrap();
    outhaul
}

/// Holds the write lock of a database until its stdin ends.
const HOLD: &str = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); \
    c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()";

#[test]
fn a_job_store_that_takes_no_writes_ends_the_wait() {
    if !has_tool("a_job_store_that_takes_no_writes_ends_the_wait", "python3") {
        return;
    }
    let outhaul = outhaul();
    let mut python = Command::new("python3");
    python.args(["-c", HOLD]).arg(outhaul.data().join("outhaul.db"));
    let mut holder = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let stuck = outhaul.run(EXPORT).expect(6);
    assert!(stuck.stderr.contains("no progress: the store did not answer"), "{stuck:?}");
    assert!(stuck.stderr.contains("the same command goes on from here"), "{stuck:?}");
    holder.stdin.take().unwrap().flush().unwrap();
    assert!(holder.wait().unwrap().success());
    outhaul.run(EXPORT).expect(0);
}

/// On a file system of its own, which only root, or a user who may make namespaces, can have.
const FULL: &str = r#"
    mount -t tmpfs -o size=32m tmpfs "$HOME_OF_TEST" || exit 99
    cd "$HOME_OF_TEST"
    "$PROGRAM" --data data generate --messages 500 --organisations 1 --days 2 --output m.ndjson
    "$PROGRAM" --data data ingest --org org-0001 --create m.ndjson
    OUTHAUL_KILL_AT=plan.pinned:1 "$PROGRAM" --data data "$@"
    head -c 100M /dev/zero > filled
    timeout 60 "$PROGRAM" --data data "$@"
    echo "full: $?"
    rm filled
    "$PROGRAM" --data data "$@"
    echo "later: $?"
"#;

#[test]
fn a_full_disk_ends_the_wait() {
    let test = "a_full_disk_ends_the_wait";
    if !has_tool(test, "unshare") {
        return;
    }
    let outhaul = Outhaul::new().with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1000);
    let outhaul = outhaul.with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200);
    let program = outhaul.command(&[]);
    let mut shell = Command::new("unshare");
    shell.args(["--map-root-user", "--mount", "sh", "-c", FULL, "sh"]).args(EXPORT);
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PROGRAM", program.get_program()).env("HOME_OF_TEST", outhaul.file(""));
    let ran = Ran::of(&shell.output().unwrap());
    if ran.code == Some(99) || ran.stderr.contains("unshare failed") {
        return left_out_of(test, "the right to mount a file system");
    }
    let codes: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with(['f', 'l']) && line.contains(": ")).collect();
    assert_eq!(codes, ["full: 6", "later: 0"], "{ran:?}");
}
