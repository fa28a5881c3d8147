//! Dead work leaves nothing, live work is left alone, and nothing outside the table is touched.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::lake::Lake;
use crate::testing::{assert_tidy, lake, place, slug};

fn data_files(lake: &Lake) -> usize {
    let mut folders = vec![PathBuf::from(lake.places.data())];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => files += 1,
            }
        }
    }
    files
}

#[tokio::test]
async fn dead_work_is_swept_and_live_work_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let (live, dead) = (lake.staging().await.unwrap(), lake.staging().await.unwrap());
    place(&lake, &live, &slug("live"), &[(1, 1), (2, 1)]);
    place(&lake, &dead, &slug("dead"), &[(1, 1)]);
    fs::write(dead.folder().join("spill"), b"rows").unwrap();
    assert_eq!(data_files(&lake), 6);
    drop(dead);
    assert_eq!(lake.check().await.unwrap().orphans, Vec::<String>::new());
    assert_eq!(lake.sweep().await.unwrap(), Swept { finished: 0, discarded: 1, live: 1 });
    assert_eq!(data_files(&lake), 4);
    live.discard().unwrap();
    assert_eq!(lake.sweep().await.unwrap(), Swept::default());
    assert_eq!((data_files(&lake), fs::read_dir(lake.places.data()).unwrap().count()), (0, 0));
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn a_sweep_that_died_halfway_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let dead = lake.staging().await.unwrap();
    place(&lake, &dead, &slug("dead"), &[(1, 1)]);
    fs::remove_file(dead.folder().join(LOCK)).unwrap();
    drop(dead);
    let empty = lake.staging().await.unwrap();
    fs::remove_file(empty.folder().join("intent")).unwrap();
    drop(empty);
    assert_eq!(lake.sweep().await.unwrap().discarded, 2);
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn a_line_that_was_cut_off_was_never_acted_on() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let dead = lake.staging().await.unwrap();
    place(&lake, &dead, &slug("dead"), &[(1, 1)]);
    let intent = dead.folder().join("intent");
    let mut text = fs::read(&intent).unwrap();
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 2);
    text.extend_from_slice(br#"{"data":{"path":"/etc/pass"#);
    fs::write(&intent, text).unwrap();
    drop(dead);
    assert_eq!(lake.sweep().await.unwrap().discarded, 1);
    assert_tidy(&lake).await;
}

#[tokio::test]
async fn nothing_outside_the_table_is_ever_removed() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let outside = folder.path().join("precious");
    fs::write(&outside, b"bytes").unwrap();
    for path in [outside.display().to_string(), format!("{}/../../precious", lake.places.table())] {
        let dead = lake.staging().await.unwrap();
        dead.announce(&[path]).unwrap();
        assert!(matches!(dead.discard(), Err(LakeError::Unusable(_))));
    }
    assert!(matches!(lake.sweep().await, Err(LakeError::Unusable(_))));
    assert!(outside.exists());
}

#[tokio::test]
async fn what_lies_in_the_staging_folder_and_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path(), 1).await;
    let other = lake.parts.staging.join("notes");
    fs::create_dir(&other).unwrap();
    assert_eq!(lake.sweep().await.unwrap(), Swept::default());
    assert!(other.exists());
}

#[test]
fn what_is_refuse_depends_on_who_won() {
    let path = || "p".to_owned();
    let data = Intent::Data { path: path() };
    let (attempt, replaced) =
        (Intent::Attempt { attempt: 7, path: path() }, Intent::Replaced { attempt: 7, path: path() });
    for (won, expected) in
        [(None, [true, true, false]), (Some(7), [false, false, true]), (Some(8), [false, true, false])]
    {
        assert_eq!([&data, &attempt, &replaced].map(|intent| intent.is_refuse(won)), expected, "{won:?}");
    }
}
