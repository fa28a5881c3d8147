//! An object store as the storage of a table: every read is checked for its length, and neighbours are read at once.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use fail::fail_point;
use futures::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::ahead::{Ahead, Answer};
use super::objects::{ObjectError, Objects, Piece, Stored};
use super::{Listed, Put, Storage};
use crate::error::LakeError;
use crate::parquet::{BlockSource, BlockStore};

/// Reads under way at once, of all files.
const READS_AT_ONCE: usize = 64;
/// Files that are put at once.
const PUTS_AT_ONCE: usize = 8;
/// Bytes that are compared at once with a file whose name was taken.
const COMPARED_BYTES: u64 = 4 << 20;

/// A table in an object store. Clones share it.
#[derive(Clone, Debug)]
pub struct Remote {
    objects: Arc<dyn Objects>,
    table: String,
    runtime: Handle,
    reads: Arc<Semaphore>,
}

impl Remote {
    /// The table below a path such as `s3://bucket/lake/messages`, without a slash at its end. The calls of
    /// [`Storage`] block on `runtime`.
    pub fn new(objects: Arc<dyn Objects>, table: impl Into<String>, runtime: Handle) -> Self {
        Self { objects, table: table.into(), runtime, reads: Arc::new(Semaphore::new(READS_AT_ONCE)) }
    }

    async fn get(&self, path: &str, range: Option<Range<u64>>) -> Result<Piece, LakeError> {
        let _permit = self.reads.acquire().await.map_err(|_| LakeError::Panicked)?;
        let piece = self.objects.get(path, range).await.map_err(failed("read", path))?;
        piece.ok_or_else(|| LakeError::missing(path))
    }

    /// All of a range of a file that is `of` bytes long; a short answer is asked for once more.
    async fn get_exactly(&self, path: &str, of: u64, range: Range<u64>) -> Result<Bytes, LakeError> {
        for _ in 0..2 {
            let piece = self.get(path, Some(range.clone())).await?;
            if piece.of != of {
                return Err(LakeError::other_length(path));
            }
            if piece.bytes.len() as u64 == range.end.saturating_sub(range.start) {
                return Ok(piece.bytes);
            }
        }
        Err(cut(path))
    }

    async fn get_all(&self, path: &str) -> Result<Bytes, LakeError> {
        for _ in 0..2 {
            let piece = self.get(path, None).await?;
            if piece.bytes.len() as u64 == piece.of {
                return Ok(piece.bytes);
            }
        }
        Err(cut(path))
    }

    async fn put_file(&self, put: &Put) -> Result<(), LakeError> {
        let stored = self.objects.put_file(&put.to, &put.from).await.map_err(failed("put", &put.to))?;
        if stored == Stored::Before {
            self.compare(put).await?;
        }
        fail_point!("ingest.renamed");
        Ok(())
    }

    /// Whether what lies under a name is the file that was to be put there.
    async fn compare(&self, put: &Put) -> Result<(), LakeError> {
        let file = File::open(&put.from).map_err(LakeError::io("open", &put.from))?;
        let length = file.metadata().map_err(LakeError::io("read", &put.from))?.len();
        let mut start = 0;
        while start < length {
            let end = (start + COMPARED_BYTES).min(length);
            let there = self.get_exactly(&put.to, length, start..end).await.map_err(|_| taken(&put.to))?;
            let mut here = vec![0; there.len()];
            file.read_exact_at(&mut here, start).map_err(LakeError::io("read", &put.from))?;
            if here != there {
                return Err(taken(&put.to));
            }
            start = end;
        }
        Ok(())
    }
}

impl BlockStore for Remote {
    fn open(&self, path: &str, bytes: u64) -> Result<Box<dyn BlockSource>, LakeError> {
        Ok(Box::new(RemoteFile { remote: self.clone(), path: path.into(), bytes, ahead: Mutex::default() }))
    }
}

impl Storage for Remote {
    fn table(&self) -> &str {
        &self.table
    }

    fn put_files(&self, files: &[Put]) -> Result<(), LakeError> {
        let failed = AtomicBool::new(false);
        // None is given up halfway: it might still appear after its removal.
        let put = async |put| {
            let done = if failed.load(Ordering::Relaxed) { Ok(()) } else { self.put_file(put).await };
            failed.fetch_or(done.is_err(), Ordering::Relaxed);
            done
        };
        let puts = stream::iter(files).map(put).buffer_unordered(PUTS_AT_ONCE);
        self.runtime.block_on(puts.fold(Ok(()), async |all, one| all.and(one)))
    }

    fn put(&self, path: &str, bytes: Bytes, _scratch: &Path) -> Result<(), LakeError> {
        self.runtime.block_on(async {
            let stored = self.objects.put(path, bytes.clone()).await.map_err(failed("put", path))?;
            match stored == Stored::Now || self.get_all(path).await? == bytes {
                true => Ok(()),
                false => Err(taken(path)),
            }
        })
    }

    fn read(&self, path: &str) -> Result<Bytes, LakeError> {
        self.runtime.block_on(self.get_all(path))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, LakeError> {
        self.runtime.block_on(self.objects.size(path)).map_err(failed("look at", path))
    }

    fn remove(&self, path: &str) -> Result<(), LakeError> {
        self.runtime.block_on(self.objects.remove(path)).map_err(failed("remove", path))
    }

    fn list(&self, below: &str) -> Result<Vec<Listed>, LakeError> {
        let prefix = format!("{below}/");
        let mut found = self.runtime.block_on(self.objects.list(&prefix)).map_err(failed("list", below))?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

/// One file, of which nothing is known but its length before it is read.
struct RemoteFile {
    remote: Remote,
    path: Arc<str>,
    bytes: u64,
    ahead: Mutex<Ahead>,
}

impl RemoteFile {
    fn ask(&self, range: Range<u64>) -> Answer {
        let (remote, path, bytes) = (self.remote.clone(), Arc::clone(&self.path), self.bytes);
        self.remote.runtime.spawn(async move { remote.get_exactly(&path, bytes, range).await })
    }

    fn wait(&self, answer: Answer) -> Result<Bytes, LakeError> {
        self.remote.runtime.block_on(answer).unwrap_or(Err(LakeError::Panicked))
    }
}

impl BlockSource for RemoteFile {
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, LakeError> {
        let range = offset..offset + length as u64;
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = ahead.take(range.clone(), |range| self.ask(range), |answer| self.wait(answer)) {
            return Ok(bytes);
        }
        drop(ahead);
        self.remote.runtime.block_on(self.remote.get_exactly(&self.path, self.bytes, range))
    }

    fn is_far(&self) -> bool {
        true
    }

    fn will_read(&self, stretches: &[Range<u64>], limit_bytes: usize) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = Ahead::new(stretches.to_vec(), limit_bytes as u64);
        ahead.start(|range| self.ask(range));
    }
}

fn failed(doing: &'static str, path: &str) -> impl FnOnce(ObjectError) -> LakeError {
    let path = path.to_owned();
    move |ObjectError { source, retryable }| LakeError::Storage { doing, path, source, retryable }
}

fn taken(path: &str) -> LakeError {
    LakeError::Storage {
        doing: "put",
        path: path.to_owned(),
        source: "something else has this name".into(),
        retryable: false,
    }
}

fn cut(path: &str) -> LakeError {
    LakeError::Corrupt { path: path.to_owned(), what: "it comes shorter than it is".to_owned() }
}
