//! Letters in a folder: whole or not there, once, for nobody else's eyes.

use std::os::unix::fs::MetadataExt;

use domain::clock::ManualClock;

use super::*;

const NOW: Micros = Micros(4_000_000_000_000_000);

fn letter(text: &str) -> Letter {
    Letter {
        id: "01890a5d-ac96-774b-bcce-b302099a8057.ready".parse().unwrap(),
        to: "u1@example.org".parse().unwrap(),
        subject: "Ready".parse().unwrap(),
        text: text.to_owned(),
        html: "<p>Ready</p>".to_owned(),
        attachment: None,
    }
}

fn open(folder: &Path, now: Micros) -> FolderNotifier {
    FolderNotifier::open(folder, "exports@example.org".parse().unwrap(), Arc::new(ManualClock::at(now))).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[tokio::test]
async fn a_letter_is_written_once() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data/mail");
    let notifier = open(&folder, NOW);
    notifier.ping().await.unwrap();
    notifier.send(&letter("first")).await.unwrap();
    notifier.send(&letter("second")).await.unwrap();
    assert_eq!(names(&folder), ["01890a5d-ac96-774b-bcce-b302099a8057.ready.eml"]);
    let path = folder.join("01890a5d-ac96-774b-bcce-b302099a8057.ready.eml");
    assert!(fs::read_to_string(&path).unwrap().contains("first"));
    assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
}

#[tokio::test]
async fn the_same_letter_from_many_sides_is_one_file() {
    let home = tempfile::tempdir().unwrap();
    let notifier = Arc::new(open(home.path(), NOW));
    let sends: Vec<_> = (0..20)
        .map(|_| {
            let notifier = Arc::clone(&notifier);
            tokio::spawn(async move { notifier.send(&letter("same")).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(names(home.path()).len(), 1);
}

#[tokio::test]
async fn a_folder_that_went_away_is_made_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("mail");
    let notifier = open(&folder, NOW);
    fs::remove_dir(&folder).unwrap();
    let error = notifier.ping().await.unwrap_err();
    assert!(error.retryable(), "{error}");
    notifier.send(&letter("x")).await.unwrap();
    assert_eq!(names(&folder).len(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_to_retry() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("mail");
    let notifier = open(&folder, NOW);
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, "a file in its place").unwrap();
    assert!(notifier.send(&letter("x")).await.unwrap_err().retryable());
}

#[test]
fn what_a_killed_process_left_is_removed_in_time() {
    let home = tempfile::tempdir().unwrap();
    let (unfinished, finished) = (home.path().join(".a.ready.eml.77-0"), home.path().join("a.ready.eml"));
    for path in [&unfinished, &finished] {
        fs::write(path, "x").unwrap();
    }
    let written = fs::metadata(&unfinished).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    let written = Micros(i64::try_from(written.as_micros()).unwrap());
    open(home.path(), written.plus_seconds(60));
    assert_eq!(names(home.path()).len(), 2);
    open(home.path(), written.plus_seconds(3601));
    assert_eq!(names(home.path()), ["a.ready.eml"]);
}
