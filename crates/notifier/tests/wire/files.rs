//! The `.eml` files, read by Python.

use std::process::Command;

use domain::ids::Slug;
use domain::people::Email;
use notifier::{FileName, FolderNotifier, Letter, LetterId, Notifier, Subject};

use crate::support::{check, clock, letter, python, reader, sender, with_file};

#[tokio::test]
async fn files_are_letters() {
    let Some(python) = python("files_are_letters") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let notifier = FolderNotifier::open(home.path(), sender(), clock()).expect("a folder");
    let letters = [letter("a.ready"), with_file("b.ready")];
    for letter in &letters {
        notifier.send(letter).await.expect("written");
        let path = home.path().join(format!("{}.eml", letter.id));
        let read = Command::new(&python).arg(reader("letters.py")).arg(path).output().expect("Python runs");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        check(&serde_json::from_slice(&read.stdout).expect("JSON"), letter);
    }
}

/// Nothing that could end a header gets as far as a letter.
#[test]
fn a_header_cannot_be_injected() {
    let ends = ["\r\n", "\n", "\r", "\r\n ", "\r\n\t", "\0", "\u{85}", "\u{2028}", "\u{b}", "\u{c}"];
    for end in ends {
        let evil = format!("a{end}Bcc: canary@example.org");
        let address = format!("a{end}Bcc:canary@example.org");
        assert!(evil.parse::<Subject>().is_err(), "{evil:?}");
        assert!(evil.parse::<FileName>().is_err(), "{evil:?}");
        assert!(evil.parse::<LetterId>().is_err(), "{evil:?}");
        assert!(evil.parse::<Slug>().is_err(), "{evil:?}");
        assert!(address.parse::<Email>().is_err(), "{address:?}");
        assert!(format!("a{end}Bcc: b@c.example <a@b.example>").parse::<notifier::Sender>().is_err(), "{end:?}");
    }
}

/// A text may hold anything; it stays in its part.
#[tokio::test]
async fn a_text_stays_in_its_part() {
    let Some(python) = python("a_text_stays_in_its_part") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let notifier = FolderNotifier::open(home.path(), sender(), clock()).expect("a folder");
    let hostile = "\nBcc: canary@example.org\n\n--=_alternative_a.ready--\nContent-Type: text/html\n\n<script>\n.\n";
    let letter = Letter { text: hostile.to_owned(), ..letter("a.ready") };
    notifier.send(&letter).await.expect("written");
    let path = home.path().join("a.ready.eml");
    let read = Command::new(&python).arg(reader("letters.py")).arg(path).output().expect("Python runs");
    check(&serde_json::from_slice(&read.stdout).expect("JSON"), &letter);
}
