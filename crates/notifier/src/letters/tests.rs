//! Letters are compared with the committed ones in `tests/snapshots`; `UPDATE_SNAPSHOTS=1` writes them anew.

use std::path::Path;

use super::*;
use crate::MediaType;
use crate::message::message;

fn about(owner: Owner, zone: &str) -> About {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let range = DateRange::new(day("2021-01-01"), day("2021-03-31"), zone.parse().unwrap()).unwrap();
    About {
        export: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        range: matches!(owner, Owner::Organisation(_)).then_some(range),
        owner,
        to: "u1@example.org".parse().unwrap(),
        asked_at: Micros(1_617_890_704_999_999),
        public_url: "https://exports.example.org".parse().unwrap(),
    }
}

fn organisation() -> About {
    about(Owner::Organisation("o1".parse().unwrap()), "Europe/Berlin")
}

fn own() -> About {
    about(Owner::User("0189aaaa-ac96-774b-bcce-b302099a8057".parse().unwrap()), "UTC")
}

fn file(name: &str, bytes: u64) -> File {
    File { name: name.parse().unwrap(), bytes }
}

const EXPIRES: Micros = Micros(1_618_495_504_000_000);

/// Compares a text with the committed one.
#[track_caller]
fn check(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(made, kept, "{name} differs; UPDATE_SNAPSHOTS=1 writes it anew");
}

#[track_caller]
fn check_letter(name: &str, letter: Result<Letter, NotifyError>) {
    let letter = letter.unwrap();
    let from = "Exports <exports@example.org>".parse().unwrap();
    check(&format!("{name}.txt"), &format!("Subject: {}\n\n{}", letter.subject.as_str(), letter.text));
    check(&format!("{name}.html"), &letter.html);
    let message = message(&letter, &from, EXPIRES).unwrap().formatted();
    check(&format!("{name}.eml"), &String::from_utf8(message).unwrap().replace("\r\n", "\n"));
}

#[test]
fn letters_are_as_committed() {
    check_letter(
        "ready",
        ready(&organisation(), 1_234_567, &[file("o1-messages-2021-01-01-2021-03-31.zip", 1_500_000)], EXPIRES),
    );
    let volumes = [file("q.001.zip", 100_000_000_000), file("q.002.zip", 1)];
    let in_utc = about(Owner::Organisation("o1".parse().unwrap()), "UTC");
    check_letter("ready_volumes", ready(&in_utc, 1, &volumes, EXPIRES));
    check_letter("ready_memberships", ready(&own(), 0, &[file("memberships.csv", 12_000_000)], EXPIRES));
    let attachment = Attachment {
        file_name: "memberships.csv".parse().unwrap(),
        media_type: MediaType::Csv,
        bytes: "id,name\r\n1,\"Gr\u{f6}\u{df}e\"\r\n".as_bytes().to_vec(),
    };
    check_letter("membership_file", membership_file(&own(), 1, attachment, EXPIRES));
}

#[test]
fn letters_of_failures_are_as_committed() {
    let day = |number: i32| Day(18_628 + number);
    check_letter("failed", failed(&organisation(), FailureCode::Refused, &[]));
    check_letter(
        "failed_days",
        failed(&organisation(), FailureCode::StepFailed, &[(day(0), day(0)), (day(3), day(9))]),
    );
    let many: Vec<_> = (0..25).map(|number| (day(2 * number), day(2 * number))).collect();
    check_letter("failed_many_days", failed(&organisation(), FailureCode::WorkersDied, &many));
}

#[test]
fn a_letter_holds_nothing_remote_and_nothing_active() {
    let letters = [
        ready(&organisation(), 1, &[file("a.zip", 1)], EXPIRES),
        failed(&organisation(), FailureCode::StepFailed, &[]),
        ready(&own(), 1, &[], EXPIRES),
    ];
    for letter in letters {
        let letter = letter.unwrap();
        for forbidden in ["src=", "<script", "<img", "<link", "url(", "@import", "<form", " on"] {
            let found = letter
                .html
                .split('<')
                .any(|tag| forbidden == " on" && tag.split('>').next().is_some_and(|tag| tag.contains(" on")));
            assert!(!found && (forbidden == " on" || !letter.html.contains(forbidden)), "{forbidden}");
        }
        let links: Vec<_> = letter.html.split("href=\"").skip(1).collect();
        assert!(!links.is_empty() && links.iter().all(|link| link.starts_with("https://exports.example.org/#/")));
    }
}

#[test]
fn names_are_escaped() {
    let letter = ready(&organisation(), 1, &[file("<script>&\"'.zip", 1)], EXPIRES).unwrap();
    assert!(!letter.html.contains("<script"), "{}", letter.html);
    assert!(letter.text.contains("<script>&\"'.zip"));
}

#[test]
fn every_subject_is_one() {
    let longest = "a".repeat(64);
    let about = about(Owner::Organisation(longest.parse().unwrap()), "UTC");
    assert!(ready(&about, 1, &[], EXPIRES).is_ok());
    assert!(failed(&about, FailureCode::StepFailed, &[]).is_ok());
}
