//! What every storage must do; an adapter runs it by [`storage_contract!`](crate::storage_contract).

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;

use super::{Put, Storage};
use crate::error::LakeError;

/// Makes a test of each check. `$factory` is an `async fn() -> Option<(Arc<dyn Storage>, impl Sized)>`: a storage without
/// files, and what has to live as long as it is used; `None` where its engine is missing.
#[macro_export]
macro_rules! storage_contract {
    ($factory:expr) => {
        $crate::storage_contract!($factory; what_is_put_is_read files_come_to_their_places a_put_may_be_repeated
            a_removal_may_be_repeated only_what_lies_below_is_listed another_length_is_found
            many_read_at_once);
    };
    ($factory:expr; $($check:ident)*) => {
        mod contract {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                if let Some((storage, _alive)) = $factory().await {
                    $crate::storage::contract::run(storage, $crate::storage::contract::$check).await;
                }
            })*
        }
    };
}

/// Runs a check where it may block.
pub async fn run(storage: Arc<dyn Storage>, check: fn(&dyn Storage, &TempDir) -> Result<(), LakeError>) {
    let work = move || {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        check(storage.as_ref(), &scratch)
    };
    tokio::task::spawn_blocking(work).await.expect("the check does not panic").expect("the storage answers");
}

fn data(storage: &dyn Storage, name: &str) -> String {
    format!("{}/data/organisation=a.b_c/sent_at_day=2024-01-01/{name}", storage.table())
}

fn metadata(storage: &dyn Storage, name: &str) -> String {
    format!("{}/metadata/{name}", storage.table())
}

/// Bytes that differ from place to place.
fn bytes(length: usize) -> Bytes {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn file(scratch: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch.path().join(name);
    std::fs::write(&path, bytes).expect("a file of the test");
    path
}

/// Small files: whole, by range, by length; what is not there is told from what cannot be had.
pub fn what_is_put_is_read(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    let (path, bytes) = (metadata(storage, "00000-a.metadata.json"), bytes(1_000));
    assert_eq!(storage.size(&path)?, None);
    assert!(storage.read(&path).is_err());
    storage.put(&path, bytes.clone(), scratch.path())?;
    assert_eq!((storage.read(&path)?, storage.size(&path)?), (bytes.clone(), Some(1_000)));
    let source = storage.open(&path, 1_000)?;
    for (offset, length) in [(0, 1_000), (0, 1), (999, 1), (300, 400), (0, 1_000)] {
        assert_eq!(source.read(offset as u64, length)?, bytes.slice(offset..offset + length));
    }
    assert!(matches!(source.read(999, 2), Err(LakeError::Corrupt { .. })));
    assert_eq!(std::fs::read_dir(scratch.path()).expect("the scratch folder").count(), 0);
    Ok(())
}

/// Finished files of this machine, large and small, into several folders.
pub fn files_come_to_their_places(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    let lengths = [1, 100, 300_000, 9 << 20];
    let put = |(number, length): (usize, usize)| Put {
        from: file(scratch, &number.to_string(), &bytes(length)),
        to: data(storage, &format!("{}/{number}.parquet", number % 2)),
    };
    let puts: Vec<_> = lengths.into_iter().enumerate().map(put).collect();
    storage.put_files(&puts)?;
    for (put, length) in puts.iter().zip(lengths) {
        assert_eq!(storage.size(&put.to)?, Some(length as u64));
        assert_eq!(storage.open(&put.to, length as u64)?.read(0, length)?, bytes(length));
    }
    storage.put_files(&[])
}

/// The answer to a put may have been lost: the same bytes again are fine.
pub fn a_put_may_be_repeated(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    let path = metadata(storage, "snap-1.avro");
    for _ in 0..2 {
        storage.put(&path, bytes(10), scratch.path())?;
    }
    assert_eq!(storage.read(&path)?, bytes(10));
    let puts = [Put { from: file(scratch, "a", &bytes(10)), to: data(storage, "a.parquet") }];
    storage.put_files(&puts)?;
    if puts[0].from.exists() {
        storage.put_files(&puts)?;
    }
    assert_eq!(storage.read(&puts[0].to)?, bytes(10));
    Ok(())
}

/// What is not there is fine, and nothing else goes.
pub fn a_removal_may_be_repeated(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    let paths = ["a.parquet", "a.parquet.sums", "b.parquet"].map(|name| data(storage, name));
    for path in &paths {
        storage.put(path, bytes(5), scratch.path())?;
    }
    for _ in 0..2 {
        storage.remove(&paths[0])?;
        assert_eq!(storage.size(&paths[0])?, None);
    }
    assert_eq!((storage.size(&paths[1])?, storage.size(&paths[2])?), (Some(5), Some(5)));
    Ok(())
}

/// Files below a path, in order, with their lengths.
pub fn only_what_lies_below_is_listed(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    let table = storage.table().to_owned();
    assert_eq!(storage.list(&table)?, []);
    let names = ["data/organisation=a/x", "data/organisation=a/y", "data2/x", "metadata/a", "metadata/b"];
    for (length, name) in names.iter().enumerate() {
        storage.put(&format!("{table}/{name}"), bytes(length + 1), scratch.path())?;
    }
    let listed = |below: &str| -> Result<Vec<(String, u64)>, LakeError> {
        let name = |path: &str| path.strip_prefix(&format!("{table}/")).unwrap_or(path).to_owned();
        Ok(storage.list(below)?.iter().map(|file| (name(&file.path), file.bytes)).collect())
    };
    let expected: Vec<_> = (1..).zip(names).map(|(length, name)| (name.to_owned(), length)).collect();
    assert_eq!(listed(&table)?, expected);
    assert_eq!(listed(&format!("{table}/data"))?, expected[..2]);
    assert_eq!(listed(&format!("{table}/metadata"))?, expected[3..]);
    assert_eq!(listed(&format!("{table}/none"))?, []);
    Ok(())
}

/// A file that is missing, longer or shorter than the table says is named, at the latest when it is read.
pub fn another_length_is_found(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    let path = data(storage, "a.parquet");
    storage.put(&path, bytes(100), scratch.path())?;
    let missing = data(storage, "none.parquet");
    for (path, length) in [(&path, 99), (&path, 101), (&missing, 100)] {
        match storage.open(path, length).and_then(|source| source.read(0, 50)) {
            Err(LakeError::Corrupt { path: named, .. }) => assert_eq!(&named, path),
            other => panic!("{length} bytes of {path}: {other:?}"),
        }
    }
    Ok(())
}

/// One open file, and several, from several threads.
pub fn many_read_at_once(storage: &dyn Storage, scratch: &TempDir) -> Result<(), LakeError> {
    const THREADS: usize = 8;
    let (path, bytes) = (data(storage, "a.parquet"), bytes(3 << 20));
    storage.put_files(&[Put { from: file(scratch, "a", &bytes), to: path.clone() }])?;
    let shared = storage.open(&path, bytes.len() as u64)?;
    let read = |thread: usize| -> Result<(), LakeError> {
        let own = storage.open(&path, bytes.len() as u64)?;
        for step in 0..20 {
            let start = (thread * 97 + step * 131) * 1_000 % (bytes.len() - 70_000);
            let source = if step % 2 == 0 { &shared } else { &own };
            assert_eq!(source.read(start as u64, 70_000)?, bytes.slice(start..start + 70_000));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || read(thread))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no read panics"))
    })
}
