//! Other engines read the same table: pyiceberg opens the catalog itself.

use std::process::Command;

use crate::support::{Outhaul, python, real_messages, root};
use serde_json::Value;

#[test]
fn pyiceberg_reads_the_same_rows() {
    let test = "pyiceberg_reads_the_same_rows";
    let Some(python) = python(test) else { return };
    let outhaul = Outhaul::new();
    let generated = outhaul.generate("m.ndjson", &["--messages", "5000", "--organisations", "1"]);
    let mut originals = vec![("org-0001", generated)];
    if let Some(messages) = real_messages(test) {
        originals.push(("haskell-jp", messages.join("haskell-jp.ndjson.zst")));
        originals.push(("torture", messages.join("torture.ndjson")));
    }
    for (org, original) in &originals {
        let path = original.to_str().unwrap();
        outhaul.run(&["ingest", "--org", org, "--create", "--skip-refused", path]).expect(0);
    }
    for (org, original) in &originals {
        let output = Command::new(&python)
            .arg(root().join("tests/readers/iceberg_scan.py"))
            .arg("--data")
            .arg(outhaul.data())
            .args(["--org", org, "--original"])
            .arg(original)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(found["rows"].as_u64().unwrap() > 0);
        for key in ["rows", "hash"] {
            assert_eq!(found[key], found["original"][key], "{org}");
        }
    }
}
