//! Parts of one object on their way, several at once and in any order.

use std::sync::Arc;

use bytes::Bytes;
use crc64::Crc64;
use std::ops::Range;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};
use tracing::warn;

use crate::bucket::{PartTag, UploadId};
use crate::{Bucket, S3Error};

/// An object of which parts are uploaded. It is there only through [`PartWriter::finish`]; dropping it aborts the upload, in
/// a task of its own. What is in memory are the parts under way, at most as many as was said.
#[derive(Debug)]
pub struct PartWriter {
    bucket: Bucket,
    upload: Arc<UploadId>,
    at_once: usize,
    under_way: JoinSet<Result<Part, S3Error>>,
    done: Vec<Part>,
    finished: bool,
}

#[derive(Clone, Debug)]
struct Part {
    number: u32,
    tag: PartTag,
    /// What went through this process.
    sent: Option<Crc64>,
}

impl PartWriter {
    /// Begins an upload with at most `at_once` parts under way.
    pub async fn begin(bucket: &Bucket, key: &str, at_once: usize) -> Result<Self, S3Error> {
        let upload = Arc::new(bucket.begin(key).await?);
        let (under_way, done, at_once) = (JoinSet::new(), Vec::new(), at_once.max(1));
        Ok(Self { bucket: bucket.clone(), upload, at_once, under_way, done, finished: false })
    }

    /// Sends a part (numbers from 1, each once), once there is room for it under way.
    ///
    /// # Errors
    /// That of any part sent so far: the object cannot be finished then.
    pub async fn send(&mut self, number: u32, bytes: Bytes) -> Result<(), S3Error> {
        self.room().await?;
        let (bucket, upload) = (self.bucket.clone(), Arc::clone(&self.upload));
        self.under_way.spawn(async move {
            let crc = Crc64::of(&bytes);
            let tag = bucket.upload_part(&upload, number, bytes, crc).await?;
            Ok(Part { number, tag, sent: Some(crc) })
        });
        Ok(())
    }

    /// Makes a part of a range of another object, in the same way.
    pub async fn copy(&mut self, number: u32, from: String, range: Range<u64>) -> Result<(), S3Error> {
        self.room().await?;
        let (bucket, upload) = (self.bucket.clone(), Arc::clone(&self.upload));
        self.under_way.spawn(async move {
            let tag = bucket.copy_part(&upload, number, &from, Some(range)).await?;
            Ok(Part { number, tag, sent: None })
        });
        Ok(())
    }

    /// Waits for all parts that are under way.
    pub async fn settle(&mut self) -> Result<(), S3Error> {
        while let Some(part) = self.under_way.join_next().await {
            self.done.push(ended(part)?);
        }
        Ok(())
    }

    /// Makes the object visible when all its parts are there; returns what it is. `whole` is what it must be; it may be left
    /// out where all parts were sent and none was copied.
    pub async fn finish(mut self, whole: Option<Crc64>) -> Result<Crc64, S3Error> {
        self.settle().await?;
        self.done.sort_by_key(|part| part.number);
        let joined = || self.done.iter().fold(Crc64::EMPTY, |whole, part| whole.join(part.sent.unwrap_or_default()));
        let whole = whole.unwrap_or_else(joined);
        let parts: Vec<_> = self.done.iter().map(|part| (part.number, part.tag.clone())).collect();
        let completed = self.bucket.complete(&self.upload, &parts, whole).await;
        self.finished = completed.is_ok();
        if let Err(error) = completed {
            self.give_up().await;
            return Err(error);
        }
        Ok(whole)
    }

    /// Aborts because of another error, which counts more than what comes of this.
    async fn give_up(self) {
        if let Err(error) = self.abort().await {
            warn!(%error, "an upload that was given up is left to the sweep");
        }
    }

    /// Gives the upload up and waits until the server has, too.
    pub async fn abort(mut self) -> Result<(), S3Error> {
        self.finished = true;
        self.under_way.shutdown().await;
        self.bucket.abort(&self.upload).await
    }

    async fn room(&mut self) -> Result<(), S3Error> {
        while self.under_way.len() >= self.at_once {
            let Some(part) = self.under_way.join_next().await else { break };
            self.done.push(ended(part)?);
        }
        Ok(())
    }
}

impl Drop for PartWriter {
    fn drop(&mut self) {
        let Some(handle) = Handle::try_current().ok().filter(|_| !self.finished) else { return };
        let (bucket, upload) = (self.bucket.clone(), Arc::clone(&self.upload));
        let mut under_way = std::mem::take(&mut self.under_way);
        handle.spawn(async move {
            // A part that arrives behind the abort would stay.
            under_way.shutdown().await;
            if let Err(error) = bucket.abort(&upload).await {
                warn!(%error, "an upload that was given up is left to the sweep");
            }
        });
    }
}

/// A part is never cancelled before its writer is, so what is left is a panic.
fn ended(part: Result<Result<Part, S3Error>, JoinError>) -> Result<Part, S3Error> {
    part.unwrap_or_else(|error| Err(S3Error::NoAnswer { call: "a part", what: error.to_string() }))
}
