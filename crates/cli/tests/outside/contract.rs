//! What scripts may rest on: exit codes, the JSON of each command, and an interrupt that loses nothing.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Outhaul, Ran, walk};
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn some_messages(outhaul: &Outhaul) {
    let path = outhaul.generate("m.ndjson", &["--messages", "2000", "--organisations", "1", "--days", "3"]);
    outhaul.ingest("org-0001", &[&path]);
}

const EXPORT: [&str; 8] = ["export", "messages", "--org", "org-0001", "--from", "2024-01-01", "--to", "2024-01-03"];

#[test]
fn every_exit_code_has_its_case() {
    let outhaul = Outhaul::new();
    some_messages(&outhaul);
    let with = |more: &[&str]| -> Ran {
        let args: Vec<_> = EXPORT.iter().chain(more).copied().collect();
        outhaul.run(&args)
    };
    with(&["--output", "a.zip"]).expect(0);
    // Usage: the command line, dates, zones, columns, a file that is there.
    for more in [
        &["--output", "a.zip"][..],
        &["--output", "b.zip", "--time-zone", "Mars/Olympus"],
        &["--output", "b.zip", "--columns", "body"],
        &["--output", "b.zip", "--columns", "text,text"],
        &["--output", "b.zip", "--format", "rar"],
        &["--output", "nowhere/b.zip"],
        &["--from", "2024-01-01", "--output", "b.zip"],
    ] {
        let ran = with(more).expect(2);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{ran:?}");
    }
    let backwards = ["export", "messages", "--org", "org-0001", "--from", "2024-01-02", "--to", "2024-01-01"];
    outhaul.run(&[&backwards[..], &["--output", "b.zip"]].concat()).expect(2);
    let no_day = ["export", "messages", "--org", "org-0001", "--from", "2023-02-29", "--to", "2024-01-01"];
    assert!(outhaul.run(&[&no_day[..], &["--output", "b.zip"]].concat()).expect(2).stderr.contains("2023-02-29"));
    outhaul.run(&["frobnicate"]).expect(2);

    fs::write(outhaul.file("bad.ndjson"), "{\"message_id\":\"a\"}\n").unwrap();
    outhaul.run(&["ingest", "--org", "org-0001", "bad.ndjson"]).expect(3);
    outhaul.run(&["ingest", "--org", "nobody", "m.ndjson"]).expect(4);
    outhaul.run(&["ingest", "--org", "org-0001", "absent.ndjson"]).expect(4);
    let unknown = ["export", "messages", "--org", "nobody", "--from", "2024-01-01", "--to", "2024-01-01"];
    outhaul.run(&[&unknown[..], &["--output", "b.zip"]].concat()).expect(4);
    outhaul.run(&["verify", "absent.zip"]).expect(4);

    let mut bytes = fs::read(outhaul.file("a.zip")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(outhaul.file("changed.zip"), bytes).unwrap();
    let verified = outhaul.run(&["--json", "verify", "changed.zip"]).expect(5).json();
    assert_eq!(verified["ok"], false);
    assert!(!verified["differences"].as_array().unwrap().is_empty());

    let server = File::options().write(true).open(outhaul.data().join("servers.lock")).unwrap();
    server.lock().unwrap();
    (&server).write_all(b"a server (process 1)").unwrap();
    let held = outhaul.run(&["lake", "stats"]).expect(6);
    assert!(held.stderr.contains("a server (process 1)"), "{held:?}");
}

#[test]
fn json_has_the_fields_of_the_contract() {
    let outhaul = Outhaul::new();
    let path = outhaul.generate("m.ndjson", &["--messages", "500", "--organisations", "1", "--days", "3"]);
    let ingested = outhaul.ingest("org-0001", &[&path]);
    assert_eq!((&ingested["accepted"], &ingested["already_known"]), (&json!(500), &json!(false)));
    assert!(ingested["snapshot"].is_i64() && ingested["refused"] == json!([]));
    let again = outhaul.ingest("org-0001", &[&path]);
    assert_eq!((&again["already_known"], &again["snapshot"]), (&json!(true), &ingested["snapshot"]));

    let args: Vec<_> = EXPORT.iter().chain(&["--output", "a.zip"]).copied().collect();
    let exported = outhaul.json(&args);
    for key in [
        "export_id",
        "state",
        "rows",
        "files",
        "bytes",
        "outputs",
        "crc64nvme",
        "manifest_blake3",
        "reused_parts",
        "built_parts",
        "seconds",
    ] {
        assert!(!exported[key].is_null(), "{key}: {exported}");
    }
    assert_eq!((&exported["state"], &exported["outputs"]), (&json!("succeeded"), &json!(["a.zip"])));
    assert_eq!(exported["bytes"], fs::metadata(outhaul.file("a.zip")).unwrap().len());
    let verified = outhaul.json(&["verify", "a.zip"]);
    assert_eq!(keys(&verified), ["differences", "files", "ok", "rows"]);
    assert_eq!((&verified["rows"], &verified["files"]), (&exported["rows"], &exported["files"]));
}

#[test]
fn an_export_without_rows_succeeds() {
    let outhaul = Outhaul::new();
    outhaul.run(&["org", "create", "empty"]).expect(0);
    for format in ["zip", "csv", "csv.gz"] {
        let name = format!("e.{format}");
        let done = outhaul.export("empty", ("2024-01-01", "2024-01-31"), &name, &["--format", format]);
        assert_eq!((&done["rows"], &done["built_parts"]), (&json!(0), &json!(0)));
        outhaul.run(&["verify", &name]).expect(0);
    }
    let header = fs::read_to_string(outhaul.file("e.csv")).unwrap();
    assert_eq!(header, "message_id,channel,thread,sender,sent_at,edited_at,kind,text,attributes\r\n");
}

#[test]
fn stdin_is_a_batch_too() {
    let outhaul = Outhaul::new();
    let path = outhaul.generate("m.ndjson", &["--messages", "300", "--organisations", "1", "--days", "3"]);
    let mut child = outhaul
        .command(&["--json", "ingest", "--org", "org-0001", "--create", "--batch-key", "k", "-"])
        .stdin(Stdio::from(File::open(path).unwrap()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());
    let again =
        outhaul.run(&["--json", "ingest", "--org", "org-0001", "--batch-key", "k", "m.ndjson"]).expect(0).json();
    assert_eq!((&again["already_known"], &again["accepted"]), (&json!(true), &json!(300)));
}

#[test]
fn files_are_for_their_owner_only() {
    let outhaul = Outhaul::new();
    some_messages(&outhaul);
    let args: Vec<_> = EXPORT.iter().chain(&["--output", "a.zip"]).copied().collect();
    // A umask that would let everybody read and write.
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_outhaul"), "--data"]);
    let status = shell.arg(outhaul.data()).args(&args).current_dir(outhaul.file("")).status().unwrap();
    assert!(status.success());
    let mut files = vec![outhaul.file("a.zip")];
    walk(&outhaul.data(), &mut files);
    for path in files {
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let folder = path.parent().unwrap();
        assert!(!folder.starts_with(outhaul.data()) || mode(folder) == 0o700, "{}", folder.display());
    }
}

#[test]
fn an_interrupted_export_goes_on() {
    let outhaul = Outhaul::new().with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 200);
    let path = outhaul.generate("m.ndjson", &["--messages", "30000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&path]);
    let range = ("2024-01-01", "2024-01-31");
    outhaul.export("org-0001", range, "whole.zip", &["--no-reuse"]);
    let args = [
        "--json",
        "export",
        "messages",
        "--org",
        "org-0001",
        "--from",
        range.0,
        "--to",
        range.1,
        "--no-reuse",
        "--output",
        "a.zip",
        "--force",
    ];
    let mut interrupted = 0;
    for wait in [30, 60, 90, 120, 150] {
        let child = outhaul.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut child = child;
        // Before its handler stands, the signal itself ends the process.
        match child.wait().unwrap().code() {
            Some(0) => {}
            Some(130) | None => interrupted += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(interrupted > 0);
    outhaul.run(&args).expect(0);
    assert_eq!(outhaul.sha256("a.zip"), outhaul.sha256("whole.zip"));
    let left: Vec<_> =
        outhaul.files().into_iter().filter(|name| name.contains("tmp/") || name.contains("staging/")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn nothing_that_is_there_is_overwritten_unasked() {
    let outhaul = Outhaul::new();
    some_messages(&outhaul);
    let export = |more: &[&str]| outhaul.run(&EXPORT.iter().chain(more).copied().collect::<Vec<_>>());
    fs::write(outhaul.file("a.csv.manifest.json"), "precious").unwrap();
    export(&["--format", "csv", "--output", "a.csv"]).expect(2);
    assert_eq!(fs::read_to_string(outhaul.file("a.csv.manifest.json")).unwrap(), "precious");
    assert!(!outhaul.file("a.csv").exists());
    // Not even with --force: what is no plain file.
    let pipe = outhaul.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    export(&["--force", "--output", "pipe"]).expect(2);
    assert!(!fs::metadata(&pipe).unwrap().is_file());
    // A good zip is judged by itself, whatever lies beside it.
    export(&["--output", "a.zip"]).expect(0);
    fs::write(outhaul.file("a.zip.manifest.json"), "stray").unwrap();
    outhaul.run(&["verify", "a.zip"]).expect(0);
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let outhaul = Outhaul::new();
    some_messages(&outhaul);
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for args in [&["--json", "lake", "stats"][..], &["generate", "--messages", "5", "--output", "-"]] {
        let status = outhaul.command(args).stdout(full()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{args:?}");
    }
}

/// What decides bytes is fixed when the export is asked for, whoever works on it later under whatever configuration.
#[test]
fn an_interrupted_export_of_another_configuration_changes_nothing() {
    let outhaul = Outhaul::new();
    let path = outhaul.generate("m.ndjson", &["--messages", "20000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&path]);
    let args = [
        "export",
        "messages",
        "--org",
        "org-0001",
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-31",
        "--force",
        "--output",
        "a.zip",
    ];
    let undisturbed = Outhaul::new();
    undisturbed.ingest("org-0001", &[&path]);
    undisturbed.run(&args).expect(0);
    for wait in [40, 80, 120] {
        let mut other = outhaul.command(&args);
        other.env("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", "200").env("OUTHAUL_WORKER__SHA256", "true");
        let mut child = other.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        outhaul.run(&args).expect(0);
        assert_eq!(outhaul.sha256("a.zip"), undisturbed.sha256("a.zip"));
    }
}
