//! Iceberg's access to metadata files, through the port.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use iceberg::io::{
    FileIO, FileIOBuilder, FileMetadata, FileRead, FileWrite, InputFile, OutputFile, Storage as IcebergStorage,
    StorageConfig, StorageFactory,
};
use iceberg::{Error, ErrorKind, Result as IcebergResult};
use serde::{Deserialize, Serialize};

use super::{Storage, path_of};
use crate::disk;
use crate::error::LakeError;
use crate::parquet::BlockSource;

/// Access that can read, and can write if it is given a folder of this machine that is private to the caller.
pub(crate) fn file_io(storage: Arc<dyn Storage>, scratch: Option<PathBuf>) -> FileIO {
    FileIOBuilder::new(Arc::new(Access { storage: Some(storage), scratch })).build()
}

/// The port as Iceberg sees it, which wants to be able to send its storage elsewhere. What arrives there has nothing to
/// work with.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Access {
    #[serde(skip)]
    storage: Option<Arc<dyn Storage>>,
    /// Without it nothing is written.
    #[serde(skip)]
    scratch: Option<PathBuf>,
}

impl Access {
    /// Calls the storage on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Storage) -> Result<T, LakeError> + Send + 'static,
    ) -> IcebergResult<T> {
        let storage = self.storage.clone().ok_or_else(|| refused("this access to the lake was sent elsewhere"))?;
        disk::blocking(move || work(storage.as_ref())).await.map_err(failed)
    }

    async fn put(&self, location: &str, bytes: Bytes) -> IcebergResult<()> {
        let scratch = self.scratch.clone().ok_or_else(|| refused("this access to the lake is read-only"))?;
        let path = path_of(location).to_owned();
        self.with(move |storage| storage.put(&path, bytes, &scratch)).await
    }
}

#[typetag::serde(name = "outhaul-storage")]
impl StorageFactory for Access {
    fn build(&self, _config: &StorageConfig) -> IcebergResult<Arc<dyn IcebergStorage>> {
        Ok(Arc::new(self.clone()))
    }
}

#[typetag::serde(name = "outhaul-storage")]
#[async_trait]
impl IcebergStorage for Access {
    async fn exists(&self, path: &str) -> IcebergResult<bool> {
        let path = path_of(path).to_owned();
        self.with(move |storage| Ok(storage.size(&path)?.is_some())).await
    }

    async fn metadata(&self, path: &str) -> IcebergResult<FileMetadata> {
        let path = path_of(path).to_owned();
        self.with(move |storage| Ok(FileMetadata { size: size(storage, &path)? })).await
    }

    async fn read(&self, path: &str) -> IcebergResult<Bytes> {
        let path = path_of(path).to_owned();
        self.with(move |storage| storage.read(&path)).await
    }

    async fn reader(&self, path: &str) -> IcebergResult<Box<dyn FileRead>> {
        let path = path_of(path).to_owned();
        let source = self.with(move |storage| storage.open(&path, size(storage, &path)?)).await?;
        Ok(Box::new(Ranges(Arc::from(source))))
    }

    async fn write(&self, path: &str, bytes: Bytes) -> IcebergResult<()> {
        self.put(path, bytes).await
    }

    async fn writer(&self, path: &str) -> IcebergResult<Box<dyn FileWrite>> {
        Ok(Box::new(Gathering { access: self.clone(), location: path.to_owned(), bytes: Some(Vec::new()) }))
    }

    async fn delete(&self, path: &str) -> IcebergResult<()> {
        let path = path_of(path).to_owned();
        self.with(move |storage| storage.remove(&path)).await
    }

    async fn delete_prefix(&self, path: &str) -> IcebergResult<()> {
        let path = path_of(path).to_owned();
        self.with(move |storage| storage.list(&path)?.iter().try_for_each(|file| storage.remove(&file.path))).await
    }

    async fn delete_stream(&self, mut paths: BoxStream<'static, String>) -> IcebergResult<()> {
        while let Some(path) = paths.next().await {
            self.delete(&path).await?;
        }
        Ok(())
    }

    fn new_input(&self, path: &str) -> IcebergResult<InputFile> {
        Ok(InputFile::new(Arc::new(self.clone()), path.to_owned()))
    }

    fn new_output(&self, path: &str) -> IcebergResult<OutputFile> {
        Ok(OutputFile::new(Arc::new(self.clone()), path.to_owned()))
    }
}

/// The length of a file that must be there.
fn size(storage: &dyn Storage, path: &str) -> Result<u64, LakeError> {
    storage.size(path)?.ok_or_else(|| LakeError::missing(path))
}

/// Reads by range, any number at once.
struct Ranges(Arc<dyn BlockSource>);

#[async_trait]
impl FileRead for Ranges {
    async fn read(&self, range: Range<u64>) -> IcebergResult<Bytes> {
        let source = Arc::clone(&self.0);
        let length = usize::try_from(range.end.saturating_sub(range.start))?;
        disk::blocking(move || source.read(range.start, length)).await.map_err(failed)
    }
}

/// Gathers a small metadata file in memory; it appears when it is closed, and never when it is dropped.
struct Gathering {
    access: Access,
    location: String,
    bytes: Option<Vec<u8>>,
}

#[async_trait]
impl FileWrite for Gathering {
    async fn write(&mut self, bytes: Bytes) -> IcebergResult<()> {
        let gathered = self.bytes.as_mut().ok_or_else(closed)?;
        gathered.extend_from_slice(&bytes);
        Ok(())
    }

    async fn close(&mut self) -> IcebergResult<()> {
        let bytes = self.bytes.take().ok_or_else(closed)?;
        self.access.put(&self.location, bytes.into()).await
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unexpected, "the file is already closed")
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::FeatureUnsupported, why)
}

fn failed(error: LakeError) -> Error {
    let retryable = error.retryable();
    Error::new(ErrorKind::Unexpected, "cannot use a file of the lake").with_source(error).with_retryable(retryable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{LocalDisk, location};

    fn io(root: &std::path::Path, scratch: Option<PathBuf>) -> FileIO {
        file_io(Arc::new(LocalDisk::new(root.display().to_string())), scratch)
    }

    #[tokio::test]
    async fn a_file_appears_when_it_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let (temporary, target) = (root.path().join("t"), root.path().join("m/file"));
        disk::create_folders(&temporary).unwrap();
        let io = io(root.path(), Some(temporary.clone()));
        let place = location(target.to_str().unwrap());
        let mut writer = io.new_output(&place).unwrap().writer().await.unwrap();
        writer.write(Bytes::from_static(b"abc")).await.unwrap();
        assert!(!io.exists(&place).await.unwrap());
        writer.close().await.unwrap();
        assert!(writer.close().await.is_err());
        let reader = io.new_input(&place).unwrap().reader().await.unwrap();
        assert_eq!(reader.read(1..3).await.unwrap(), Bytes::from_static(b"bc"));
        assert!(reader.read(1..4).await.is_err());
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
        io.delete(&place).await.unwrap();
        assert!(!io.exists(&place).await.unwrap());
        assert!(io.new_input(&place).unwrap().reader().await.is_err());
    }

    #[tokio::test]
    async fn without_a_folder_for_temporary_files_nothing_is_written() {
        let io = io(std::path::Path::new("/nowhere"), None);
        let refused = io.new_output("file:///nowhere/file").unwrap().write(Bytes::new()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::FeatureUnsupported);
    }

    #[tokio::test]
    async fn access_that_was_sent_elsewhere_reads_nothing() {
        let storage: Arc<dyn Storage> = Arc::new(LocalDisk::new("/nowhere"));
        let here: Box<dyn IcebergStorage> = Box::new(Access { storage: Some(storage), scratch: None });
        let text = serde_json::to_string(&here).unwrap();
        assert!(!text.contains("nowhere"), "{text}");
        let there: Box<dyn IcebergStorage> = serde_json::from_str(&text).unwrap();
        assert_eq!(there.exists("/").await.unwrap_err().kind(), ErrorKind::FeatureUnsupported);
    }
}
