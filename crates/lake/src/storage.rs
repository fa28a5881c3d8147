//! Iceberg's file access over the local disk: a file is there complete and durable, or not at all.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use iceberg::io::{
    FileIO, FileIOBuilder, FileMetadata, FileRead, FileWrite, InputFile, OutputFile, Storage, StorageConfig,
    StorageFactory,
};
use iceberg::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::disk;

const SCHEME: &str = "file://";

/// The location that metadata holds for an absolute path.
pub(crate) fn location(path: &str) -> String {
    format!("{SCHEME}{path}")
}

/// The absolute path of a location; other engines also write `file:/path` and bare paths.
pub(crate) fn path_of(location: &str) -> &str {
    location.strip_prefix(SCHEME).or_else(|| location.strip_prefix("file:")).unwrap_or(location)
}

/// File access that can read, and can write by way of temporary files in `temporary` if one is given.
pub(crate) fn file_io(temporary: Option<PathBuf>) -> FileIO {
    FileIOBuilder::new(Arc::new(LocalDisk { temporary })).build()
}

/// The local disk. Without a folder for temporary files it is read-only.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LocalDisk {
    /// A folder on the same file system, private to one writer.
    temporary: Option<PathBuf>,
}

impl LocalDisk {
    async fn store(&self, location: &str, bytes: Bytes) -> Result<()> {
        let path = PathBuf::from(path_of(location));
        let (Some(folder), Some(name)) = (&self.temporary, path.file_name()) else {
            return Err(Error::new(ErrorKind::FeatureUnsupported, "this access to the lake is read-only"));
        };
        let temporary = folder.join(name);
        blocking(move || disk::write_file(&path, &temporary, &bytes).map_err(|error| failed("write", &path)(error)))
            .await
    }
}

#[typetag::serde(name = "outhaul-local-disk")]
impl StorageFactory for LocalDisk {
    fn build(&self, _config: &StorageConfig) -> Result<Arc<dyn Storage>> {
        Ok(Arc::new(self.clone()))
    }
}

#[typetag::serde(name = "outhaul-local-disk")]
#[async_trait]
impl Storage for LocalDisk {
    async fn exists(&self, path: &str) -> Result<bool> {
        let path = PathBuf::from(path_of(path));
        blocking(move || path.try_exists().map_err(failed("look for", &path))).await
    }

    async fn metadata(&self, path: &str) -> Result<FileMetadata> {
        let path = PathBuf::from(path_of(path));
        let length = blocking(move || std::fs::metadata(&path).map_err(failed("look at", &path))).await?;
        Ok(FileMetadata { size: length.len() })
    }

    async fn read(&self, path: &str) -> Result<Bytes> {
        let path = PathBuf::from(path_of(path));
        blocking(move || std::fs::read(&path).map(Bytes::from).map_err(failed("read", &path))).await
    }

    async fn reader(&self, path: &str) -> Result<Box<dyn FileRead>> {
        let path = PathBuf::from(path_of(path));
        let file = blocking(move || File::open(&path).map_err(failed("open", &path))).await?;
        Ok(Box::new(Ranges(Arc::new(file))))
    }

    async fn write(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.store(path, bytes).await
    }

    async fn writer(&self, path: &str) -> Result<Box<dyn FileWrite>> {
        Ok(Box::new(Gathering { disk: self.clone(), location: path.to_owned(), bytes: Some(Vec::new()) }))
    }

    async fn delete(&self, path: &str) -> Result<()> {
        let path = PathBuf::from(path_of(path));
        blocking(move || disk::remove_file(&path).map_err(|error| failed("remove", &path)(error))).await
    }

    async fn delete_prefix(&self, path: &str) -> Result<()> {
        let path = PathBuf::from(path_of(path));
        blocking(move || disk::remove_folder(&path).map_err(|error| failed("remove", &path)(error))).await
    }

    async fn delete_stream(&self, mut paths: BoxStream<'static, String>) -> Result<()> {
        while let Some(path) = paths.next().await {
            self.delete(&path).await?;
        }
        Ok(())
    }

    fn new_input(&self, path: &str) -> Result<InputFile> {
        Ok(InputFile::new(Arc::new(self.clone()), path.to_owned()))
    }

    fn new_output(&self, path: &str) -> Result<OutputFile> {
        Ok(OutputFile::new(Arc::new(self.clone()), path.to_owned()))
    }
}

/// Reads by range, any number at once.
struct Ranges(Arc<File>);

#[async_trait]
impl FileRead for Ranges {
    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let file = Arc::clone(&self.0);
        blocking(move || {
            let length = usize::try_from(range.end.saturating_sub(range.start))?;
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, range.start).map_err(|error| unexpected("read", error))?;
            Ok(Bytes::from(bytes))
        })
        .await
    }
}

/// Gathers a small metadata file in memory; it appears when it is closed, and never when it is dropped.
struct Gathering {
    disk: LocalDisk,
    location: String,
    bytes: Option<Vec<u8>>,
}

#[async_trait]
impl FileWrite for Gathering {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let gathered = self.bytes.as_mut().ok_or_else(closed)?;
        gathered.extend_from_slice(&bytes);
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        let bytes = self.bytes.take().ok_or_else(closed)?;
        self.disk.store(&self.location, bytes.into()).await
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unexpected, "the file is already closed")
}

fn failed<E: std::error::Error + Send + Sync + 'static>(doing: &'static str, path: &Path) -> impl FnOnce(E) -> Error {
    move |error| unexpected(doing, error).with_context("path", path.display().to_string())
}

fn unexpected<E: std::error::Error + Send + Sync + 'static>(doing: &'static str, error: E) -> Error {
    Error::new(ErrorKind::Unexpected, format!("cannot {doing} a file of the lake")).with_source(error)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(unexpected("use", io::Error::other(stopped))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_read_as_every_engine_writes_them() {
        for text in ["file:///a b/c", "file:/a b/c", "/a b/c"] {
            assert_eq!(path_of(text), "/a b/c");
        }
        assert_eq!(location("/a b/c"), "file:///a b/c");
    }

    #[tokio::test]
    async fn a_file_appears_when_it_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let (temporary, target) = (root.path().join("t"), root.path().join("m/file"));
        disk::create_folders(&temporary).unwrap();
        let io = file_io(Some(temporary.clone()));
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
    }

    #[tokio::test]
    async fn without_a_folder_for_temporary_files_nothing_is_written() {
        let io = file_io(None);
        let refused = io.new_output("file:///nowhere/file").unwrap().write(Bytes::new()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::FeatureUnsupported);
    }
}
