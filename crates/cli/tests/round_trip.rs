//! Real messages come back exactly, read by programs that are not ours.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{Outhaul, has_tool, python, real_messages, root};

/// From, to, zone: the whole of each file, single days, month and year edges, and days that zones make odd.
const RANGES: &[(&str, &str, &str)] = &[
    ("0001-01-01", "9999-12-31", "UTC"),
    ("2009-09-09", "2009-09-09", "UTC"),
    ("2006-06-01", "2006-06-01", "America/New_York"),
    ("2019-03-07", "2019-03-07", "Asia/Kolkata"),
    ("2024-01-15", "2024-03-31", "Europe/Berlin"),
    ("2024-02-28", "2024-03-01", "UTC"),
    ("2009-12-31", "2010-01-01", "America/New_York"),
    ("2017-12-31", "2018-01-01", "Asia/Kolkata"),
    ("2024-03-31", "2024-03-31", "Europe/Berlin"),
    ("2024-10-27", "2024-10-27", "Europe/Berlin"),
    ("2011-12-29", "2011-12-31", "Pacific/Apia"),
    ("2011-12-30", "2011-12-30", "Pacific/Apia"),
    ("1999-01-01", "1999-12-31", "UTC"),
];

const FILES: &[&str] = &["duraspace-irc", "haskell-jp", "polyglot-dialogs", "rust-analyzer-commits", "ubuntu-irc"];

#[test]
fn real_messages_come_back_exactly() {
    let test = "real_messages_come_back_exactly";
    let (Some(messages), Some(python)) = (real_messages(test), python(test)) else { return };
    let outhaul = Outhaul::new();
    for org in FILES {
        let original = messages.join(format!("{org}.ndjson.zst"));
        outhaul.ingest(org, &[&original]);
        let mut checks = Vec::new();
        for (number, (from, to, zone)) in RANGES.iter().enumerate() {
            let formats: &[&str] = if number == 0 { &["zip", "csv", "csv.gz"] } else { &["zip"] };
            let also = ["csv", "csv.gz"][number % 2];
            for format in formats.iter().chain((number > 0).then_some(&also)) {
                let name = format!("{org}-{number}.{format}");
                outhaul.export(org, (from, to), &name, &["--time-zone", zone, "--format", format]);
                outhaul.run(&["verify", &name]).expect(0);
                checks.push(check(&outhaul, &name, (from, to, zone), number < 2));
            }
        }
        compare(&python, &[&original], org, &checks);
        opened_by_others(&outhaul, &format!("{org}-0.zip"));
    }
}

#[test]
fn generated_messages_with_filters_and_columns_come_back_exactly() {
    let test = "generated_messages_with_filters_and_columns_come_back_exactly";
    let Some(python) = python(test) else { return };
    let outhaul = Outhaul::new();
    let original = outhaul.generate("messages.ndjson", &["--messages", "20000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&original]);
    let range = ("2024-01-03", "2024-01-20", "Europe/Berlin");
    let mut checks = Vec::new();
    let mut export = |name: &str, more: &[&str], extra: Value| {
        let args: Vec<_> = ["--time-zone", range.2].iter().chain(more).copied().collect();
        outhaul.export("org-0001", (range.0, range.1), name, &args);
        outhaul.run(&["verify", name]).expect(0);
        let mut check = check(&outhaul, name, range, true);
        check.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        checks.push(check);
    };
    export("all.zip", &[], json!({}));
    export("plain.csv", &["--format", "csv"], json!({}));
    export("sheet.zip", &["--profile", "spreadsheet"], json!({"profile": "spreadsheet"}));
    export("sheet.csv.gz", &["--profile", "spreadsheet", "--format", "csv.gz"], json!({"profile": "spreadsheet"}));
    export(
        "columns.csv",
        &["--columns", "text,message_id,edited_at", "--format", "csv"],
        json!({"columns": ["message_id", "edited_at", "text"]}),
    );
    export("channel.zip", &["--channel", "general", "--channel", "random"], json!({"channels": ["general", "random"]}));
    export(
        "nobody.csv.gz",
        &["--sender", "nobody at all", "--format", "csv.gz"],
        json!({"senders": ["nobody at all"]}),
    );
    compare(&python, &[&original], "org-0001", &checks);
}

/// A small target cuts months into days and days into windows, and the volume limit cuts the export into files.
#[test]
fn windows_and_volumes_come_back_exactly() {
    let test = "windows_and_volumes_come_back_exactly";
    let Some(python) = python(test) else { return };
    let outhaul = Outhaul::new()
        .with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", 300)
        .with("OUTHAUL_LIMITS__VOLUME_LIMIT_BYTES", 300_000);
    let original = outhaul.generate("messages.ndjson", &["--messages", "20000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&original]);
    let range = ("2024-01-01", "2024-01-31", "America/New_York");
    let mut checks = Vec::new();
    for format in ["zip", "csv", "csv.gz"] {
        let name = format!("v.{format}");
        let done = outhaul.export("org-0001", (range.0, range.1), &name, &["--time-zone", range.2, "--format", format]);
        let outputs: Vec<String> =
            done["outputs"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect();
        assert!(outputs.len() > 2, "{outputs:?}");
        assert!(outputs[1].ends_with(&format!("v.002.{format}")), "{outputs:?}");
        let verify: Vec<_> = std::iter::once("verify").chain(outputs.iter().map(String::as_str)).collect();
        outhaul.run(&verify).expect(0);
        outhaul.run(&verify[..verify.len() - 1]).expect(5);
        let paths: Vec<_> = outputs.iter().map(|path| outhaul.file(path)).collect();
        let archives: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
        checks
            .push(json!({"archives": archives, "from": range.0, "to": range.1, "time_zone": range.2, "duckdb": true}));
        if format == "zip" {
            paths.iter().for_each(|path| opened_by_others(&outhaul, path.file_name().unwrap().to_str().unwrap()));
        }
    }
    compare(&python, &[&original], "org-0001", &checks);
}

fn check(outhaul: &Outhaul, name: &str, (from, to, zone): (&str, &str, &str), duckdb: bool) -> Value {
    json!({"archives": [outhaul.file(name)], "from": from, "to": to, "time_zone": zone, "duckdb": duckdb})
}

/// Compares archives with the originals in Python and DuckDB.
fn compare(python: &Path, originals: &[&Path], org: &str, checks: &[Value]) {
    let mut command = Command::new(python);
    command.arg(root().join("tests/readers/compare.py")).args(["--org", org, "--batch", "-"]);
    originals.iter().for_each(|original| drop(command.arg("--original").arg(original)));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(checks).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compared = String::from_utf8_lossy(&output.stdout).lines().count();
    assert_eq!(compared, checks.len());
}

/// `unzip`, `7z`, `bsdtar` and Java accept the archive.
fn opened_by_others(outhaul: &Outhaul, name: &str) {
    let test = "opened_by_others";
    let path = outhaul.file(name);
    let path = path.to_str().unwrap();
    let java_check: PathBuf = root().join("tests/readers/ZipCheck.java");
    let readers: [(&str, Vec<&str>); 4] = [
        ("unzip", vec!["-tqq", path]),
        ("7z", vec!["t", path]),
        ("bsdtar", vec!["-xOf", path]),
        ("java", vec![java_check.to_str().unwrap(), path]),
    ];
    for (tool, args) in readers {
        if has_tool(test, tool) {
            let output = Command::new(tool).args(&args).output().unwrap();
            assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
