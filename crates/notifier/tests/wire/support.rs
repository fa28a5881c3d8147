//! Letters to send, and the tests' Python.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::clock::{Clock, ManualClock};
use domain::time::Micros;
use notifier::{Attachment, Letter, MediaType, Sender};
use serde_json::Value;

/// A file name with everything that a header could trip over.
pub const ODD_NAME: &str =
    "Mitglieder \"größte\"; Übersicht – 表 'x' =?utf-8?q?a?= and a long tail that must be folded.csv";

/// A clock that stands still.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(Micros(1_617_890_704_999_999)))
}

/// Who sends.
pub fn sender() -> Sender {
    "Exporte für \"O1\", <alle> \\o/ <exports@example.org>".parse().expect("a sender")
}

/// A letter without attachment.
pub fn letter(id: &str) -> Letter {
    Letter {
        id: id.parse().expect("an id"),
        to: "u1@example.org".parse().expect("an address"),
        subject: "Größe: your export of o1 is ready – 表 Bcc: x@y and so on until the line must be folded twice"
            .parse()
            .expect("a subject"),
        text: "Größe\n.\n..\nFrom here\n--=_alternative\n\nend \n".to_owned(),
        html: format!("<!doctype html><p>Größe {}</p>\n", "x".repeat(2000)),
        attachment: None,
    }
}

/// A letter with a file of all bytes.
pub fn with_file(id: &str) -> Letter {
    let bytes = (0..=255).cycle().take(100_000).collect();
    let attachment = Attachment { file_name: ODD_NAME.parse().expect("a name"), media_type: MediaType::Csv, bytes };
    Letter { attachment: Some(attachment), ..letter(id) }
}

/// What Python read must be what was written.
#[track_caller]
pub fn check(read: &Value, letter: &Letter) {
    assert_eq!(read["defects"], Value::Array(Vec::new()), "{read}");
    let headers: Vec<_> = read["headers"].as_array().expect("headers").iter().collect();
    let header = |name: &str| {
        let found: Vec<_> = headers.iter().filter(|header| header[0] == name).collect();
        assert_eq!(found.len(), 1, "{name} in {headers:?}");
        found[0][1].as_str().expect("a text").to_owned()
    };
    assert_eq!(header("Subject"), letter.subject.as_str());
    assert_eq!(header("To"), letter.to.as_str());
    assert_eq!(header("From"), "\"Exporte für \\\"O1\\\", <alle> \\\\o/\" <exports@example.org>");
    assert_eq!(header("Message-ID"), format!("<{}@example.org>", letter.id));
    assert_eq!(header("Date"), "Thu, 08 Apr 2021 14:05:04 +0000");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    let mut names: Vec<_> = headers.iter().map(|header| header[0].as_str().expect("a name")).collect();
    names.sort_unstable();
    let known = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
    assert_eq!(names, known);
    // A text ends with one line end or none; how many is not the sender's to say.
    let same = |read: &Value, text: &str| {
        assert_eq!(
            read.as_str().expect("a text").replace("\r\n", "\n").trim_end_matches('\n'),
            text.trim_end_matches('\n')
        );
    };
    same(&read["text"], &letter.text);
    same(&read["html"], &letter.html);
    check_shape(read, letter);
}

#[track_caller]
fn check_shape(read: &Value, letter: &Letter) {
    let both = ["multipart/alternative", "text/plain", "text/html"];
    let parts: Vec<_> = read["parts"].as_array().expect("parts").iter().filter_map(Value::as_str).collect();
    let files = read["attachments"].as_array().expect("attachments");
    match &letter.attachment {
        None => assert_eq!((parts.as_slice(), files.len()), (both.as_slice(), 0)),
        Some(file) => {
            assert_eq!(parts, [&["multipart/mixed"], both.as_slice(), &["text/csv"]].concat());
            assert_eq!(files.len(), 1);
            assert_eq!(files[0]["name"], file.file_name.as_str());
            let hex: String = file.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(files[0]["hex"] == hex, "the attachment's bytes differ");
        }
    }
    assert_eq!((&read["is_ascii"], &read["has_bare_line_ends"]), (&Value::Bool(true), &Value::Bool(false)));
    // RFC 5322 section 2.1.1.
    assert!(read["longest_line"].as_u64().is_some_and(|longest| longest <= 998), "{}", read["longest_line"]);
}

/// A program of the tests' readers.
pub fn reader(name: &str) -> PathBuf {
    root().join("tests/readers").join(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/notifier lies two below").to_owned()
}

/// The Python with the test packages, or `None` with a line that says what was left out.
pub fn python(test: &str) -> Option<PathBuf> {
    let told = std::env::var_os("OUTHAUL_TEST_PYTHON").map(PathBuf::from);
    let here = told.unwrap_or_else(|| root().join("target/test-venv/bin/python"));
    let found = here.exists().then_some(here);
    if found.is_none() {
        engines::left_out_of(test, "the Python packages of tests/requirements.txt");
    }
    found
}
