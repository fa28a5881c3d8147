//! Exports that were asked for on the command line and that nobody waits for any more.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use crate::support::{Outhaul, Ran};

/// Leases so short that what a dead process held is noticed at once.
fn outhaul() -> Outhaul {
    let outhaul = Outhaul::new()
        .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 500)
        .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 100)
        .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 100)
        .with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 400);
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    outhaul
}

/// An export of January from this day on.
fn export(from: &str) -> Vec<&str> {
    let mut args = vec!["export", "messages", "--org", "org-0001", "--from", from, "--to", "2024-01-31"];
    args.extend(["--no-reuse", "--force", "--output", "out.zip"]);
    args
}

fn kill(outhaul: &Outhaul, args: &[&str], order: &str) {
    let killed = outhaul.command(args).env("OUTHAUL_KILL_AT", order).output().unwrap();
    assert_eq!(killed.status.signal(), Some(9), "{:?}", Ran::of(&killed));
}

fn locks(outhaul: &Outhaul) -> Vec<PathBuf> {
    let mut found = Vec::new();
    crate::support::walk(&outhaul.data().join("waiting"), &mut found);
    found
}

#[test]
fn the_next_command_cancels_what_a_killed_one_left() {
    let outhaul = outhaul();
    kill(&outhaul, &export("2024-01-01"), "segment.stored:3");
    assert_eq!(locks(&outhaul).len(), 1);
    let next = outhaul.run(&export("2024-01-30")).expect(0);
    assert!(next.stderr.contains("cancelled 1 export that nobody waits for any more"), "{next:?}");
    assert_eq!(locks(&outhaul), Vec::<PathBuf>::new());
    // Nothing is built but what is asked for.
    kill(&outhaul, &export("2024-01-02"), "plan.pinned:1");
    kill(&outhaul, &export("2024-01-03"), "segment.stored:2");
    let done = outhaul.json(&export("2024-01-30"));
    assert_eq!(done["encoded_rows"], done["rows"], "{done}");
}

#[test]
fn the_same_command_goes_on() {
    let outhaul = outhaul();
    kill(&outhaul, &export("2024-01-01"), "segment.stored:20");
    let done = outhaul.json(&export("2024-01-01"));
    assert!(done["encoded_rows"].as_u64() < done["rows"].as_u64(), "{done}");
    assert_eq!(locks(&outhaul), Vec::<PathBuf>::new());
}

#[test]
fn what_somebody_waits_for_is_left_alone() {
    let outhaul = outhaul();
    let mut first = export("2024-01-01");
    first.extend(["--time-zone", "Asia/Kolkata"]);
    *first.iter_mut().find(|arg| **arg == "out.zip").unwrap() = "first.zip";
    let mut waits = outhaul.command(&first).spawn().unwrap();
    while locks(&outhaul).is_empty() {
        assert_eq!(waits.try_wait().unwrap(), None, "it ended before it waited");
        std::thread::yield_now();
    }
    let other = outhaul.run(&export("2024-01-30")).expect(0);
    assert!(!other.stderr.contains("cancelled"), "{other:?}");
    assert!(waits.wait().unwrap().success());
    outhaul.run(&["verify", "first.zip"]).expect(0);
}
