//! The artifacts of the folder, with tests stepping in before each write.

use std::ops::Range;
use std::path::Path;

use artifacts::{ArtifactError, Artifacts, Assembled, FolderArtifacts, ObjectName, Pieces, Prefix, Put, Upload};
use async_trait::async_trait;
use bytes::Bytes;

use crate::Moment;
use crate::interference::Interference;

/// A folder of artifacts, watched.
pub struct HookedArtifacts {
    inner: FolderArtifacts,
    interference: Interference,
}

impl HookedArtifacts {
    pub(crate) fn new(inner: FolderArtifacts, interference: Interference) -> Self {
        Self { inner, interference }
    }
}

#[async_trait]
impl Artifacts for HookedArtifacts {
    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, ArtifactError> {
        self.interference.at(Moment::Put(name.clone())).await;
        self.inner.put(name, bytes).await
    }

    async fn read(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError> {
        self.inner.read(name, range).await
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, ArtifactError> {
        self.inner.size(name).await
    }

    async fn begin(&self, name: &ObjectName) -> Result<Box<dyn Upload>, ArtifactError> {
        self.interference.at(Moment::Begin(name.clone())).await;
        self.inner.begin(name).await
    }

    async fn assemble(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError> {
        self.interference.at(Moment::Assemble(name.clone())).await;
        self.inner.assemble(name, pieces).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<bool, ArtifactError> {
        self.interference.at(Moment::Delete(name.clone())).await;
        self.inner.delete(name).await
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
