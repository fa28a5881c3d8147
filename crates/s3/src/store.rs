//! The artifacts in a bucket: the adapter of the port [`Artifacts`].

mod assemble;
mod checks;
mod copy_out;
mod error;
mod gather;
mod sweep;
mod upload;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use artifacts::{ArtifactError, Artifacts, Assembled, DownloadAs, ObjectName, Pieces, Prefix, Put, Upload};
use async_trait::async_trait;
use aws::Tries;
use bytes::Bytes;
use domain::clock::Clock;
use domain::random::Random;
use tokio::sync::OnceCell;

use self::error::{failed, of_object};
use self::upload::S3Upload;
use crate::{Bucket, Found, OptionError, PartSizes, S3Error, S3Options};

/// How long a look at readiness waits for the bucket.
const PING: Duration = Duration::from_millis(1_800);

/// Objects of a bucket by their names below the options' prefix. Clones are the same storage.
///
/// What is held in memory: for each upload the block that comes in, up to two that hold a header not final yet, one handed
/// over and `parts_at_once` under way, which is at most six blocks of `part_bytes` at the defaults, 48 MiB (a small object
/// takes no more than its size); for each assembly its list of pieces, `parts_at_once` gathered parts under way and one more.
#[derive(Clone, Debug)]
pub struct S3Artifacts {
    bucket: Bucket,
    sizes: PartSizes,
    parts_at_once: usize,
    verify_copies: bool,
    abandoned_after: Duration,
    /// Whether the server compares whole objects with their checksum; asked of it once.
    compares: Arc<OnceCell<bool>>,
}

impl S3Artifacts {
    /// Over a bucket; nothing is asked of the server yet.
    ///
    /// # Errors
    /// The field of the options that cannot be.
    pub async fn open(
        options: &S3Options,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OptionError> {
        Ok(Self {
            bucket: Bucket::open(options, clock, random).await?,
            sizes: PartSizes::new(options.part_bytes),
            parts_at_once: options.parts_at_once,
            verify_copies: options.verify_copies,
            abandoned_after: options.abandoned_after,
            compares: Arc::new(OnceCell::new()),
        })
    }

    /// The client, for what else lies in the bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// Whether what is copied must be read and compared by us.
    async fn must_verify(&self) -> Result<bool, S3Error> {
        if self.verify_copies {
            return Ok(true);
        }
        let compares = self.compares.get_or_try_init(|| self.bucket.compares_whole_objects()).await?;
        Ok(!*compares)
    }
}

#[async_trait]
impl Artifacts for S3Artifacts {
    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, ArtifactError> {
        let key = name.to_string();
        let put = self.bucket.put_if_absent(&key, bytes.clone()).await;
        if put.map_err(failed("write an object"))? {
            return Ok(Put::Stored);
        }
        // Somebody's, or our own after a lost answer.
        let known = self.bucket.get(&key, bytes.len() as u64).await.map_err(failed("read an object"))?;
        match known {
            Some(Found::Whole(known)) if known == bytes => Ok(Put::Already),
            Some(_) => Err(ArtifactError::Conflict { object: name.clone() }),
            None => Err(failed("write an object")(S3Error::Condition { call: "PutObject" })),
        }
    }

    async fn read(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError> {
        let read = self.bucket.get_range(&name.to_string(), range, None).await;
        read.map_err(of_object("read an object", name))
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, ArtifactError> {
        let head = self.bucket.head(&name.to_string()).await.map_err(failed("look at an object"))?;
        Ok(head.map(|head| head.bytes))
    }

    async fn read_whole(&self, name: &ObjectName, limit_bytes: u64) -> Result<Option<Bytes>, ArtifactError> {
        match self.bucket.get(&name.to_string(), limit_bytes).await.map_err(of_object("read an object", name))? {
            Some(Found::Whole(bytes)) => Ok(Some(bytes)),
            Some(Found::Larger(bytes)) => Err(ArtifactError::OutOfRange { object: name.clone(), start: 0, end: bytes }),
            None => Ok(None),
        }
    }

    async fn begin(&self, name: &ObjectName) -> Result<Box<dyn Upload>, ArtifactError> {
        Ok(Box::new(S3Upload::begin(self, name)))
    }

    async fn assemble(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError> {
        assemble::assemble(self, name, pieces).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<bool, ArtifactError> {
        let key = name.to_string();
        // S3 does not tell whether there was one.
        let was_there = self.bucket.head(&key).await.map_err(failed("look at an object"))?.is_some();
        if was_there {
            self.bucket.delete(&key).await.map_err(failed("remove an object"))?;
        }
        Ok(was_there)
    }

    async fn list(
        &self,
        prefix: &Prefix,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ArtifactError> {
        let (start, mut after) = (format!("{prefix}/"), after.map(ToString::to_string));
        let mut found = Vec::new();
        loop {
            let wanted = limit - found.len();
            let page = self.bucket.list(&start, after.as_deref(), wanted).await.map_err(failed("list objects"))?;
            // What is not ours is passed over.
            found.extend(page.iter().filter_map(|listed| listed.key.parse::<ObjectName>().ok()));
            after = page.last().map(|last| last.key.clone());
            if page.len() < wanted || found.len() == limit {
                return Ok(found);
            }
        }
    }

    async fn sweep(&self) -> Result<u64, ArtifactError> {
        sweep::sweep(&self.bucket, self.abandoned_after).await.map_err(failed("abort old uploads"))
    }

    async fn copy_to(
        &self,
        name: &ObjectName,
        destination: &Path,
        crc64nvme: Option<u64>,
    ) -> Result<u64, ArtifactError> {
        copy_out::copy_out(&self.bucket, name, destination, crc64nvme).await
    }

    async fn presign(
        &self,
        name: &ObjectName,
        download: &DownloadAs<'_>,
        seconds: u64,
    ) -> Result<Option<String>, ArtifactError> {
        let names = (download.file_name, download.content_type);
        let link = self.bucket.presign_get(&name.to_string(), names, seconds).await;
        link.map(Some).map_err(failed("sign a link"))
    }

    async fn ping(&self) -> Result<(), ArtifactError> {
        self.bucket.with_tries(Tries::one(PING)).reach().await.map_err(failed("reach the bucket"))
    }
}
