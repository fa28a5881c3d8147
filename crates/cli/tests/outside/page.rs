//! The page behind a letter's link, in a real browser.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::server::{Client, PASSWORD, Server, member};
use crate::support::{Outhaul, Ran, has_tool, python, root, sha256};

const DAYS: (&str, &str) = ("2024-01-01", "2024-01-31");

/// What the test needs beside the program: Python with a driver's library, the driver, the browser.
fn browser(test: &str) -> Option<PathBuf> {
    let python = python(test)?;
    (has_tool(test, "chromium") && has_tool(test, "chromedriver")).then_some(python)
}

/// Runs a script of `tests/`; it reads `input`, and must end well.
#[track_caller]
fn run(python: &Path, script: &str, argument: &Path, input: &Value) -> Ran {
    let mut command = Command::new(python);
    command.arg(root().join("tests").join(script)).arg(argument);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("Python starts");
    let mut stdin = child.stdin.take().expect("piped");
    // A script that reads nothing may have ended by now.
    let _ = stdin.write_all(input.to_string().as_bytes());
    drop(stdin);
    Ran::of(&child.wait_with_output().expect("Python ends")).expect(0)
}

#[test]
fn the_page_in_every_state() {
    let Some(python) = browser("the_page_in_every_state") else { return };
    let ran = run(&python, "browser/page.py", Path::new("states"), &Value::Null);
    assert_eq!(ran.stdout.matches("shown: ").count(), 11, "{ran:?}");
}

#[test]
fn a_letter_leads_a_member_to_the_file_and_a_stranger_nowhere() {
    let Some(python) = browser("a_letter_leads_a_member_to_the_file_and_a_stranger_nowhere") else { return };
    let outhaul = Outhaul::new();
    let messages = outhaul.generate("m.ndjson", &["--messages", "3000", "--organisations", "1"]);
    outhaul.ingest("org-0001", &[&messages]);
    member(&outhaul, "org-0001", "u1@example.org", "member");
    member(&outhaul, "other", "u3@example.org", "admin");
    let server = Server::start(&outhaul, "serve");
    let u1 = Client::sign_in(&server, "u1@example.org");
    let export = u1.ask("org-0001", DAYS);
    let done = u1.wait_for(&export, "succeeded");
    let id = done["id"].as_str().expect("an id");

    let link = link_of_letter(&python, &outhaul, id);
    assert_eq!(link, format!("{}/#/exports/org-0001/{id}", server.url));
    let person = |email: &str| json!({ "email": email, "password": PASSWORD });
    let file = done["files"][0]["name"].as_str().expect("a name");
    let told = json!({
        "link": link, "member": person("u1@example.org"), "stranger": person("u3@example.org"),
        "rows": done["progress"]["rows"], "file": file, "copy": outhaul.file("copy.zip"),
    });
    let ran = run(&python, "browser/page.py", Path::new("service"), &told);
    assert_eq!(ran.stdout.matches("shown: ").count(), 2, "{ran:?}");
    assert_eq!(outhaul.json(&["verify", "copy.zip"])["rows"], done["progress"]["rows"]);
    assert_eq!(server.stop(), Some(0));
    outhaul.export("org-0001", DAYS, "again.zip", &[]);
    assert_eq!(outhaul.sha256("again.zip"), sha256(&outhaul.file("copy.zip")));
}

/// The link in the letter that is on its way; Python reads the letter.
fn link_of_letter(python: &Path, outhaul: &Outhaul, id: &str) -> String {
    let letter = outhaul.data().join(format!("mail/{id}.ready.eml"));
    for _ in 0..600 {
        if letter.is_file() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let read = run(python, "readers/letters.py", &letter, &Value::Null).json();
    assert_eq!(read["defects"], json!([]));
    let text = read["text"].as_str().expect("a text");
    text.lines().find(|line| line.starts_with("http")).expect("a link").to_owned()
}
