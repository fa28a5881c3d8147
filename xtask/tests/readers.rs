//! The readers that judge exports in the end-to-end tests are tested themselves.

use std::path::Path;
use std::process::Command;

#[test]
fn the_readers_accept_what_is_right_and_nothing_else() {
    let Some(python) = std::env::var_os("OUTHAUL_TEST_PYTHON") else {
        return engines::left_out("a Python environment");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/readers/selftest.py");
    let output = Command::new(python).arg("-B").arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
