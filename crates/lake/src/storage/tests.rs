//! The local disk and an object store in memory pass the suite; an object store that fails is borne, or told of.

mod lake;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Handle;

use super::memory::{Fault, MemoryObjects};
use super::*;
use crate::parquet::{BLOCK_BYTES, BlockSums, SumWriter, Verified};

const TABLE: &str = "s3://bucket/some/lake/messages";

#[test]
fn locations_are_read_as_every_engine_writes_them() {
    for text in ["file:///a b/c", "file:/a b/c", "/a b/c"] {
        assert_eq!(path_of(text), "/a b/c");
    }
    assert_eq!(location("/a b/c"), "file:///a b/c");
    assert_eq!((location("s3://b/a b/c").as_str(), path_of("s3://b/a b/c")), ("s3://b/a b/c", "s3://b/a b/c"));
}

mod local {
    use super::*;

    async fn disk() -> Option<(Arc<dyn Storage>, tempfile::TempDir)> {
        let folder = tempfile::tempdir().unwrap();
        // The suite's scratch folders lie beside it.
        Some((Arc::new(LocalDisk::new(format!("{}/lake/messages", folder.path().display()))), folder))
    }

    crate::storage_contract!(disk);
}

mod remote {
    use super::*;

    async fn store() -> Option<(Arc<dyn Storage>, ())> {
        Some((Arc::new(twin().0), ()))
    }

    crate::storage_contract!(store);
}

fn twin() -> (Remote, Arc<MemoryObjects>) {
    let objects = Arc::new(MemoryObjects::default());
    (Remote::new(Arc::clone(&objects) as Arc<dyn Objects>, TABLE, Handle::current()), objects)
}

/// Does what may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_made_again_and_another_one_is_refused() {
    let (store, objects) = twin();
    blocking(move || {
        let (folder, path) = (tempfile::tempdir().unwrap(), format!("{TABLE}/metadata/a"));
        let put = |bytes: &'static [u8]| store.put(&path, Bytes::from_static(bytes), Path::new("/"));
        objects.fail(&[Fault::LostAnswer]);
        assert!(put(b"abc").unwrap_err().retryable());
        put(b"abc").unwrap();
        assert!(!put(b"abd").unwrap_err().retryable());
        assert_eq!(store.read(&path).unwrap(), "abc");
        let file = |bytes: &[u8]| {
            let from = folder.path().join("file");
            std::fs::write(&from, bytes).unwrap();
            store.put_files(&[Put { from, to: format!("{TABLE}/data/a") }])
        };
        objects.fail(&[Fault::LostAnswer]);
        assert!(file(b"abc").unwrap_err().retryable());
        file(b"abc").unwrap();
        for other in [&b"abd"[..], b"ab", b"abcd"] {
            assert!(!file(other).unwrap_err().retryable());
        }
        assert_eq!(objects.faults_left(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_comes_short_is_asked_for_once_more() {
    let (store, objects) = twin();
    blocking(move || {
        let path = format!("{TABLE}/data/a");
        store.put(&path, Bytes::from_static(b"abcdef"), Path::new("/")).unwrap();
        let source = store.open(&path, 6).unwrap();
        objects.fail(&[Fault::ShortRead]);
        assert_eq!(source.read(1, 3).unwrap(), "bcd");
        objects.fail(&[Fault::ShortRead]);
        assert_eq!(store.read(&path).unwrap(), "abcdef");
        objects.fail(&[Fault::ShortRead, Fault::ShortRead]);
        assert!(matches!(source.read(1, 3), Err(LakeError::Corrupt { .. })));
        objects.fail(&[Fault::Away]);
        assert!(source.read(1, 3).unwrap_err().retryable());
    })
    .await;
}

/// A file of some blocks with its sums, in a twin.
fn verified(blocks: usize) -> (Remote, Arc<MemoryObjects>, String, Bytes) {
    use std::io::Write;
    let (store, objects) = twin();
    let path = format!("{TABLE}/data/a.parquet");
    let bytes: Bytes = (0..blocks * BLOCK_BYTES - 7).map(|at| (at * 31 % 251) as u8).collect();
    let mut writer = SumWriter::new(Vec::new());
    writer.write_all(&bytes).unwrap();
    let sums: BlockSums = writer.finish().1;
    objects.change(&path, |object| object.extend_from_slice(&bytes));
    objects.change(&format!("{path}.sums"), |object| *object = sums.encode());
    (store, objects, path, bytes)
}

#[tokio::test]
async fn a_flipped_bit_on_the_way_is_borne_and_one_in_the_store_is_told() {
    let (store, objects, path, bytes) = verified(3);
    blocking(move || {
        let open = || Verified::open(&store, &path, bytes.len() as u64, 1);
        objects.fail(&[Fault::FlippedBit; 2]);
        let file = open().unwrap();
        objects.fail(&[Fault::FlippedBit; 2]);
        file.read_end().unwrap();
        file.check_all().unwrap();
        objects.fail(&[Fault::FlippedBit; 3]);
        assert!(matches!(open(), Err(LakeError::Corrupt { path: named, .. }) if named == path));
        objects.change(&path, |object| object[BLOCK_BYTES + 3] ^= 4);
        let failed = open().unwrap().check_all().unwrap_err();
        assert!(matches!(&failed, LakeError::Corrupt { path: named, .. } if *named == path), "{failed}");
        assert_eq!(objects.faults_left(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_read_with_few_requests() {
    let (store, objects, path, bytes) = verified(30);
    blocking(move || {
        use parquet::file::reader::ChunkReader;
        let file = Verified::open(&store, &path, bytes.len() as u64, 1).unwrap();
        file.read_end().unwrap();
        file.get_bytes(bytes.len() as u64 - 300_000, 300_000).unwrap();
        assert_eq!(objects.take_gets().len(), 2);
        // Two columns side by side, the second three times as large.
        let block = BLOCK_BYTES as u64;
        file.will_read(&[10..7 * block, 7 * block..28 * block - 10]);
        for step in 0..7 {
            for (start, length) in [(step, 1), (7 + 3 * step, 3)] {
                let range = (start * block) as usize..((start + length) * block) as usize;
                assert_eq!(file.get_bytes(start * block, range.len()).unwrap(), bytes.slice(range));
            }
        }
        let gets = objects.take_gets();
        assert!(gets.len() <= 8, "{gets:?}");
    })
    .await;
}
