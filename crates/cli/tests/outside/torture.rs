//! Rows made to break an export: refused where the contract refuses, exact in every other case.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Outhaul, python, real_messages, root};
use serde_json::{Value, json};

#[test]
fn torture_is_refused_line_by_line_or_comes_back_exactly() {
    let test = "torture_is_refused_line_by_line_or_comes_back_exactly";
    let Some(messages) = real_messages(test) else { return };
    let original = messages.join("torture.ndjson");
    let path = original.to_str().unwrap();
    let outhaul = Outhaul::new();

    let refused = outhaul.run(&["--json", "ingest", "--org", "torture", "--create", path]).expect(3).json();
    assert_eq!(refused["accepted"], 0);
    assert_eq!(places(&refused), [(64, "org"), (66, "org")]);
    assert_eq!(outhaul.json(&["lake", "stats"])["organisations"], json!([]));

    let taken = outhaul.json(&["ingest", "--org", "torture", "--skip-refused", path]);
    assert_eq!(taken["accepted"], 64);
    assert_eq!(places(&taken), [(64, "org"), (66, "org")]);

    for format in ["zip", "csv", "csv.gz"] {
        let name = format!("all.{format}");
        let done = outhaul.export("torture", ("0001-01-01", "9999-12-31"), &name, &["--format", format]);
        assert_eq!(done["rows"], 63, "one of the 64 is an exact repeat");
        outhaul.run(&["verify", &name]).expect(0);
    }
    let Some(python) = python(test) else { return };
    let archives = ["zip", "csv", "csv.gz"].map(|format| outhaul.file(&format!("all.{format}")));
    let checks = archives.map(
        |path| json!({"archives": [path], "from": "0001-01-01", "to": "9999-12-31", "time_zone": "UTC", "duckdb": true}),
    );
    let mut child = Command::new(python)
        .arg(root().join("tests/readers/compare.py"))
        .args(["--org", "torture", "--batch", "-", "--original", path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(json!(checks).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let compared: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&compared["rows"], &compared["exact_repeats"]), (&json!(63), &json!(1)));
    }
}

fn places(output: &Value) -> Vec<(u64, &str)> {
    let refused = output["refused"].as_array().unwrap();
    refused.iter().map(|line| (line["line"].as_u64().unwrap(), line["field"].as_str().unwrap())).collect()
}
