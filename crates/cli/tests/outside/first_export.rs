//! Runs docs/first-export.md as it is written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{has_tool, root};

/// What stands in the fenced `sh` blocks of a page, in order.
fn commands(page: &str) -> String {
    let mut inside = false;
    let mut script = String::new();
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => script.extend([line, "\n"]),
            _ => {}
        }
    }
    script
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn every_step_of_the_page_runs() {
    if !has_tool("first_export", "curl") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let programs = home.path().join("bin");
    fs::create_dir(&programs).unwrap();
    symlink(Path::new(env!("CARGO_BIN_EXE_outhaul")), programs.join("outhaul")).unwrap();
    let page = fs::read_to_string(root().join("docs/first-export.md")).unwrap();
    let script = commands(&page);
    assert!(script.contains("127.0.0.1:8470") && script.contains("kill"), "{script}");
    // The default port may be taken on a machine that runs tests.
    let here = format!("127.0.0.1:{}", free_port());
    let script = script.replace("127.0.0.1:8470", &here);
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-e", "-u", "-o", "pipefail", "-c", &script]).current_dir(home.path());
    bash.env("PATH", path).env("OUTHAUL_HTTP__LISTEN", &here).stdin(Stdio::null());
    let output = bash.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("ok: 3 rows"), "{text}");
    assert!(text.contains("Subject: "), "{text}");
}
