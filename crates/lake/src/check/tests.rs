//! Every kind of damage is found and named, and nothing else is.

use std::fs;
use std::io::Cursor;

use crate::file::SUMS_SUFFIX;
use crate::ingest::{Compression, IngestOptions, Input};
use crate::lake::Lake;
use crate::parquet::LocalBlocks;
use crate::testing::{assert_tidy, lake, place, slug};

/// A lake with three real data files of two organisations, and their paths.
async fn filled(folder: &std::path::Path) -> (Lake, Vec<String>) {
    let lake = lake(folder, 1).await;
    for (organisation, days) in [("a", 2), ("b", 1)] {
        let line =
            |day: i32| format!(r#"{{"message_id":"{day}","sent_at":"2024-03-0{day}T10:00:00Z","text":"hello"}}"#);
        let lines: Vec<_> = (1..=days).map(line).collect();
        let reader = Box::new(Cursor::new(lines.join("\n")));
        let input = Input::Stream(reader, Compression::Plain);
        let done = lake.ingest(&slug(organisation), input, IngestOptions::default()).await.unwrap();
        assert_eq!(done.accepted, days as u64);
    }
    let inventory = super::inventory::take(&lake.io, &lake.version().await.unwrap(), &mut Vec::new()).await.unwrap();
    (lake, inventory.data.into_keys().collect())
}

#[tokio::test]
async fn a_whole_lake_has_no_problems() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, files) = filled(folder.path()).await;
    let report = assert_tidy(&lake).await;
    assert_eq!((report.problems, report.snapshots, report.files, report.rows), (Vec::new(), 3, 3, 3));
    assert_eq!(report.bytes, files.iter().map(|path| fs::metadata(path).unwrap().len()).sum::<u64>());
}

#[tokio::test]
async fn each_kind_of_damage_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, files) = filled(folder.path()).await;
    let sums = format!("{}{SUMS_SUFFIX}", files[0]);
    let version = lake.version().await.unwrap();
    let list = crate::storage::path_of(version.current().unwrap().manifest_list()).to_owned();
    type Damage = fn(&mut Vec<u8>);
    let flip: Damage = |bytes: &mut Vec<u8>| bytes[20] ^= 4;
    let cut: Damage = |bytes: &mut Vec<u8>| bytes.truncate(30);
    let grow: Damage = |bytes: &mut Vec<u8>| bytes.push(0);
    let damages: [(&String, Damage); 6] =
        [(&files[0], flip), (&files[1], cut), (&files[2], grow), (&sums, flip), (&sums, cut), (&list, cut)];
    for (path, damage) in damages {
        let whole = fs::read(path).unwrap();
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(path, bytes).unwrap();
        let problems = lake.check().await.unwrap().problems;
        let named = path.strip_suffix(SUMS_SUFFIX).unwrap_or(path);
        assert!(problems.iter().any(|problem| problem.place == named), "{path}: {problems:?}");
        fs::remove_file(path).unwrap();
        let problems = lake.check().await.unwrap().problems;
        assert!(problems.iter().any(|problem| problem.place == named), "{path}: {problems:?}");
        fs::write(path, whole).unwrap();
    }
    assert_eq!(assert_tidy(&lake).await.problems, []);
}

#[tokio::test]
async fn a_file_with_other_rows_than_the_table_says_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, files) = filled(folder.path()).await;
    let bytes = fs::metadata(&files[0]).unwrap().len();
    assert!(super::files::whole(&LocalBlocks, &files[0], 1, bytes).is_ok());
    let wrong = super::files::whole(&LocalBlocks, &files[0], 2, bytes).unwrap_err();
    assert!(wrong.to_string().contains("2 rows, its footer 1"), "{wrong}");
    drop(lake);
}

#[tokio::test]
async fn what_nothing_names_is_an_orphan_unless_an_ingest_is_at_work() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, files) = filled(folder.path()).await;
    let live = lake.staging().await.unwrap();
    place(&lake, &live, &slug("c"), &[(1, 1)]);
    assert_eq!(lake.check().await.unwrap().orphans, Vec::<String>::new());
    let mut strays = vec![format!("{}.bak", files[0]), format!("{}/stray.avro", lake.places.metadata())];
    strays.sort();
    for stray in &strays {
        fs::write(stray, b"bytes").unwrap();
    }
    assert_eq!(lake.check().await.unwrap().orphans, strays);
    live.discard().unwrap();
}
