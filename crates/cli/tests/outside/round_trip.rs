//! Real messages come back exactly, read by programs that are not ours.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Outhaul, has_tool, python, real_messages, root};
use serde_json::{Value, json};

/// From, to, zone: single days, month and year edges, days that zones make odd, and days without a message.
type Range = (&'static str, &'static str, &'static str);

/// Every day that a message can have.
const ALL: Range = ("0001-01-01", "9999-12-31", "UTC");

#[test]
fn duraspace_irc_comes_back_exactly() {
    comes_back_exactly(
        "duraspace-irc",
        &[
            ("2009-09-09", "2009-09-09", "UTC"),
            ("2009-12-31", "2010-01-01", "America/New_York"),
            ("2011-12-29", "2011-12-31", "Pacific/Apia"),
            ("2011-12-30", "2011-12-30", "Pacific/Apia"),
            ("2012-02-28", "2012-03-01", "Asia/Kolkata"),
        ],
    );
}

#[test]
fn haskell_jp_comes_back_exactly() {
    comes_back_exactly(
        "haskell-jp",
        &[
            ("2017-12-31", "2018-01-01", "Asia/Kolkata"),
            ("2019-03-07", "2019-03-07", "UTC"),
            ("2024-02-28", "2024-03-01", "UTC"),
            ("2024-03-31", "2024-03-31", "Europe/Berlin"),
        ],
    );
}

#[test]
fn polyglot_dialogs_come_back_exactly() {
    comes_back_exactly(
        "polyglot-dialogs",
        &[
            ("2024-01-15", "2024-03-31", "Europe/Berlin"),
            ("2024-03-31", "2024-03-31", "Europe/Berlin"),
            ("2024-02-24", "2024-02-24", "America/New_York"),
            ("1999-01-01", "1999-12-31", "UTC"),
        ],
    );
}

#[test]
fn rust_analyzer_commits_come_back_exactly() {
    comes_back_exactly(
        "rust-analyzer-commits",
        &[
            ("2024-03-31", "2024-03-31", "Europe/Berlin"),
            ("2024-10-27", "2024-10-27", "Europe/Berlin"),
            ("2020-07-30", "2020-07-30", "Asia/Kolkata"),
            ("2019-12-31", "2020-01-01", "America/New_York"),
        ],
    );
}

#[test]
fn ubuntu_irc_comes_back_exactly() {
    comes_back_exactly(
        "ubuntu-irc",
        &[
            ("2006-06-01", "2006-06-01", "America/New_York"),
            ("2006-05-31", "2006-06-01", "Asia/Kolkata"),
            ("2004-12-01", "2004-12-31", "UTC"),
        ],
    );
}

/// All of a file in all three formats, and each range as a zip and, by turns, as csv or csv.gz.
fn comes_back_exactly(org: &str, ranges: &[Range]) {
    let (Some(messages), Some(python)) = (real_messages(org), python(org)) else { return };
    let outhaul = Outhaul::new();
    let original = messages.join(format!("{org}.ndjson.zst"));
    outhaul.ingest(org, &[&original]);
    let mut checks = Vec::new();
    let mut export = |(from, to, zone): Range, name: &str, format: &str, duckdb: bool| {
        outhaul.export(org, (from, to), name, &["--time-zone", zone, "--format", format]);
        outhaul.run(&["verify", name]).expect(0);
        checks.push(check(&outhaul, name, (from, to, zone), duckdb));
    };
    for format in ["zip", "csv", "csv.gz"] {
        export(ALL, &format!("all.{format}"), format, format != "csv.gz");
    }
    for (number, range) in ranges.iter().enumerate() {
        for format in ["zip", ["csv", "csv.gz"][number % 2]] {
            export(*range, &format!("{number}.{format}"), format, number == 0);
        }
    }
    compare(&python, &[&original], org, &checks);
    opened_by_others(&outhaul, "all.zip");
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
    originals.iter().for_each(|original| {
        command.arg("--original").arg(original);
    });
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
