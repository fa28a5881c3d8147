//! The readers that judge exports in the end-to-end tests are tested themselves.

use std::io::Write;
use std::path::Path;
use std::process::Command;

#[test]
fn the_readers_accept_what_is_right_and_nothing_else() {
    let Some(python) = std::env::var_os("OUTHAUL_TEST_PYTHON") else {
        return leave_out("xtask: the_readers_accept_what_is_right_and_nothing_else: no Python environment");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/readers/selftest.py");
    let output = Command::new(python).arg("-B").arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Tells `cargo xtask test`, which names it at the end (docs/tests.md).
fn leave_out(what: &str) {
    if let Some(path) = std::env::var_os("OUTHAUL_LEFT_OUT") {
        let mut file = std::fs::File::options().append(true).open(path).unwrap();
        writeln!(file, "{what}").unwrap();
    }
}
