//! The lake in a bucket: its files as objects named by their locations.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use ::lake::storage::{Listed, ObjectError, Objects, Piece, Remote, Stored};
use async_trait::async_trait;
use bytes::Bytes;
use domain::time::Micros;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::bucket::{Bucket, Found};
use crate::error::S3Error;
use crate::writer::PartWriter;

/// Larger files are uploaded in parts of this size; at most [`PARTS_AT_ONCE`] of each are in memory, and one more.
const PART_BYTES: u64 = 8 << 20;
const PARTS_AT_ONCE: usize = 2;
/// Such files under way at once.
const LARGE_AT_ONCE: usize = 2;
/// Metadata files that are larger are not read.
const WHOLE_BYTES: u64 = 1 << 30;

/// The storage of the lake that lies below a bucket's prefix, at `s3://BUCKET/PREFIX/lake/messages`. Its calls block on `runtime`.
pub fn storage(bucket: Bucket, runtime: Handle) -> Remote {
    let objects = S3Objects::new(bucket);
    let table = objects.location("lake/messages");
    Remote::new(Arc::new(objects), table, runtime)
}

/// Objects by their locations.
#[derive(Clone, Debug)]
pub struct S3Objects {
    bucket: Bucket,
    /// What all locations begin with: `s3://BUCKET/PREFIX/`.
    root: String,
    large: Arc<Semaphore>,
}

impl S3Objects {
    /// Those below the bucket's prefix.
    pub fn new(bucket: Bucket) -> Self {
        let root = format!("s3://{}/{}", bucket.name(), bucket.key(""));
        Self { bucket, root, large: Arc::new(Semaphore::new(LARGE_AT_ONCE)) }
    }

    /// The location of a key below the prefix.
    pub fn location(&self, key: &str) -> String {
        format!("{}{key}", self.root)
    }

    fn key<'a>(&self, path: &'a str) -> Result<&'a str, ObjectError> {
        // Other engines write the older schemes, too.
        let plain = ["s3://", "s3a://", "s3n://"].iter().find_map(|scheme| path.strip_prefix(scheme));
        let key = plain.and_then(|plain| plain.strip_prefix(&self.root["s3://".len()..]));
        key.ok_or_else(|| ObjectError {
            source: "it lies outside of the lake's bucket and prefix".into(),
            retryable: false,
        })
    }

    async fn put_parts(&self, key: &str, from: &Path, length: u64) -> Result<(), ObjectError> {
        let _permit = self.large.acquire().await.map_err(io::Error::other).map_err(unread)?;
        let mut writer = PartWriter::begin(&self.bucket, key, PARTS_AT_ONCE).await.map_err(failed)?;
        for (number, start) in (1..).zip((0..length).step_by(PART_BYTES as usize)) {
            let part = read(from, start..(start + PART_BYTES).min(length)).await?;
            writer.send(number, part).await.map_err(failed)?;
        }
        writer.finish(None).await.map(drop).map_err(failed)
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<Stored, ObjectError> {
        match self.bucket.put_if_absent(self.key(path)?, bytes).await.map_err(failed)? {
            true => Ok(Stored::Now),
            false => Ok(Stored::Before),
        }
    }

    async fn put_file(&self, path: &str, from: &Path) -> Result<Stored, ObjectError> {
        let length = std::fs::metadata(from).map_err(unread)?.len();
        if length <= PART_BYTES {
            return self.put(path, read(from, 0..length).await?).await;
        }
        self.put_parts(self.key(path)?, from, length).await?;
        Ok(Stored::Now)
    }

    async fn get(&self, path: &str, range: Option<Range<u64>>) -> Result<Option<Piece>, ObjectError> {
        let key = self.key(path)?;
        let Some(range) = range else {
            return match self.bucket.get(key, WHOLE_BYTES).await.map_err(failed)? {
                Some(Found::Whole(bytes)) => Ok(Some(Piece { of: bytes.len() as u64, bytes })),
                Some(Found::Larger(of)) => Ok(Some(Piece { bytes: Bytes::new(), of })),
                None => Ok(None),
            };
        };
        match self.bucket.get_range_of(key, range).await {
            Ok(piece) => Ok(piece.map(|(bytes, of)| Piece { bytes, of })),
            // Rare, since the table says how long its files are.
            Err(S3Error::Short { .. }) => Ok(self.size(path).await?.map(|of| Piece { bytes: Bytes::new(), of })),
            Err(error) => Err(failed(error)),
        }
    }

    async fn size(&self, path: &str) -> Result<Option<u64>, ObjectError> {
        let head = self.bucket.head(self.key(path)?).await.map_err(failed)?;
        Ok(head.map(|head| head.bytes))
    }

    async fn remove(&self, path: &str) -> Result<(), ObjectError> {
        self.bucket.delete(self.key(path)?).await.map_err(failed)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, ObjectError> {
        let found = self.bucket.list(self.key(prefix)?, None, usize::MAX).await.map_err(failed)?;
        let listed = found.into_iter().map(|object| Listed {
            path: self.location(&object.key),
            bytes: object.bytes,
            // Of unknown age: never old enough to be called an orphan.
            written_at: object.modified.unwrap_or(Micros(i64::MAX)),
        });
        Ok(listed.collect())
    }
}

/// Reads a part of a file of this machine.
async fn read(from: &Path, range: Range<u64>) -> Result<Bytes, ObjectError> {
    let from = from.to_owned();
    let read = move || -> io::Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        File::open(from)?.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other).and_then(|read| read).map_err(unread)
}

fn unread(error: io::Error) -> ObjectError {
    ObjectError { source: error.into(), retryable: false }
}

fn failed(error: S3Error) -> ObjectError {
    ObjectError { retryable: error.retryable(), source: error.into() }
}
