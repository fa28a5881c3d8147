//! The artifacts of the folder, with tests stepping in before each write.
//!
//! A write that was begun goes on when whoever asked for it is gone, as it would at a storage over a network; it is known
//! how many are under way.

use std::ops::Range;
use std::path::Path;

use artifacts::{ArtifactError, Artifacts, Assembled, FolderArtifacts, ObjectName, Pieces, Prefix, Put, Upload};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use crate::interference::Interference;
use crate::{DEADLINE, Moment};

/// A folder of artifacts, watched.
pub struct HookedArtifacts {
    inner: FolderArtifacts,
    interference: Interference,
    under_way: watch::Sender<usize>,
}

/// One write under way.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn one(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl HookedArtifacts {
    pub(crate) fn new(inner: FolderArtifacts, interference: Interference) -> Self {
        Self { inner, interference, under_way: watch::Sender::new(0) }
    }

    /// Waits until nothing is being written.
    pub(crate) async fn rest(&self) {
        let mut under_way = self.under_way.subscribe();
        let rest = tokio::time::timeout(DEADLINE, under_way.wait_for(|count| *count == 0)).await;
        rest.expect("writes end in time").expect("the artifacts stand");
    }

    async fn write<T, F>(&self, work: impl FnOnce(FolderArtifacts) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (one, work) = (UnderWay::one(&self.under_way), work(self.inner.clone()));
        let written = tokio::spawn(async move {
            let written = work.await;
            drop(one);
            written
        });
        written.await.expect("no panic in a write")
    }
}

#[async_trait]
impl Artifacts for HookedArtifacts {
    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, ArtifactError> {
        self.interference.at(Moment::Put(name.clone())).await;
        let name = name.clone();
        self.write(|inner| async move { inner.put(&name, bytes).await }).await
    }

    async fn read(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError> {
        self.inner.read(name, range).await
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, ArtifactError> {
        self.inner.size(name).await
    }

    async fn begin(&self, name: &ObjectName) -> Result<Box<dyn Upload>, ArtifactError> {
        self.interference.at(Moment::Begin(name.clone())).await;
        let one = UnderWay::one(&self.under_way);
        let inner = self.inner.begin(name).await?;
        Ok(Box::new(CountedUpload { inner, _one: one }))
    }

    async fn assemble(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError> {
        self.interference.at(Moment::Assemble(name.clone())).await;
        let name = name.clone();
        self.write(|inner| async move { inner.assemble(&name, pieces).await }).await
    }

    async fn share(&self, from: &ObjectName, name: &ObjectName, expected: Assembled) -> Result<bool, ArtifactError> {
        let (from, name) = (from.clone(), name.clone());
        self.write(|inner| async move { inner.share(&from, &name, expected).await }).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<bool, ArtifactError> {
        self.interference.at(Moment::Delete(name.clone())).await;
        let name = name.clone();
        self.write(|inner| async move { inner.delete(&name).await }).await
    }

    async fn list(
        &self,
        prefix: &Prefix,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ArtifactError> {
        self.inner.list(prefix, after, limit).await
    }

    async fn sweep(&self) -> Result<u64, ArtifactError> {
        self.inner.sweep().await
    }

    async fn copy_to(
        &self,
        name: &ObjectName,
        destination: &Path,
        crc64nvme: Option<u64>,
    ) -> Result<u64, ArtifactError> {
        self.inner.copy_to(name, destination, crc64nvme).await
    }

    async fn ping(&self) -> Result<(), ArtifactError> {
        self.inner.ping().await
    }
}

/// An upload that counts as under way until it is finished or dropped.
struct CountedUpload {
    inner: Box<dyn Upload>,
    _one: UnderWay,
}

impl Upload for CountedUpload {
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.inner.append(bytes)
    }

    fn will_patch(&mut self, range: Range<u64>) -> Result<(), ArtifactError> {
        self.inner.will_patch(range)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.inner.patch(offset, bytes)
    }

    fn finish(self: Box<Self>) -> Result<u64, ArtifactError> {
        let Self { inner, _one: one } = *self;
        let finished = inner.finish();
        drop(one);
        finished
    }
}
