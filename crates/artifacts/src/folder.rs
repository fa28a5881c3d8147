//! The artifacts in a folder: the embedded default.

mod assemble;
mod copy_out;
mod disk;
mod list;
mod put;
mod second_name;
mod share;
mod sweep;
#[cfg(test)]
mod tests;
mod upload;
mod workspace;

use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::clock::Clock;
use domain::random::{Random, uuid_v7};

use self::assemble::FolderAssembly;
use self::upload::FolderUpload;
use self::workspace::Workspace;
use crate::{ArtifactError, Artifacts, Assembled, ObjectName, Pieces, Prefix, Put, Upload, assembly};

/// Objects as files of one folder, which several processes may share. Clones are the same storage.
///
/// What is not finished lies in a folder of this process below `tmp/`, held by a locked file, so that any process can
/// tell what dead ones left.
#[derive(Clone, Debug)]
pub struct FolderArtifacts {
    root: Arc<PathBuf>,
    workspace: Arc<Workspace>,
}

impl FolderArtifacts {
    /// Opens the folder, making what is missing.
    pub async fn open(root: &Path, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, ArtifactError> {
        let root = std::path::absolute(root).map_err(ArtifactError::io("find the folder"))?;
        blocking(move || {
            disk::create_folders(&root)?;
            let process = uuid_v7(clock.now(), random.as_ref());
            let workspace = Workspace::open(&root.join("tmp"), &process.to_string())?;
            Ok(Self { root: Arc::new(root), workspace: Arc::new(workspace) })
        })
        .await
    }

    fn path(&self, name: &ObjectName) -> PathBuf {
        self.root.join(name.to_string())
    }

    /// Opens an object's file.
    fn file(&self, name: &ObjectName) -> Result<Option<File>, ArtifactError> {
        match File::open(self.path(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ArtifactError::io("open an object")(error)),
        }
    }

    fn upload(&self, name: &ObjectName) -> Result<FolderUpload, ArtifactError> {
        FolderUpload::begin(&self.workspace, name, self.path(name))
    }

    fn read_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError> {
        let Some(file) = self.file(name)? else { return Ok(None) };
        // Asked before memory is taken for it.
        if size_of(&file)? < range.end {
            return Err(ArtifactError::Missing { object: name.clone() });
        }
        Self::read_of(&file, name, range).map(Some)
    }

    fn read_of(file: &File, name: &ObjectName, range: Range<u64>) -> Result<Bytes, ArtifactError> {
        let missing = || ArtifactError::Missing { object: name.clone() };
        let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(|_| missing())?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, range.start).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => missing(),
            _ => ArtifactError::io("read an object")(error),
        })?;
        Ok(bytes.into())
    }

    fn assemble_now(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError> {
        let mut assembly = FolderAssembly::new(self, self.upload(name)?);
        let assembled = assembly::assemble(&mut assembly, pieces)?;
        assembly.finish()?;
        Ok(assembled)
    }
}

#[async_trait]
impl Artifacts for FolderArtifacts {
    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, ArtifactError> {
        let (this, name) = (self.clone(), name.clone());
        blocking(move || put::put(&this.workspace, &name, &this.path(&name), &bytes)).await
    }

    async fn read(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError> {
        let (this, name) = (self.clone(), name.clone());
        blocking(move || this.read_range(&name, range)).await
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, ArtifactError> {
        let (this, name) = (self.clone(), name.clone());
        blocking(move || this.file(&name)?.map(|file| size_of(&file)).transpose()).await
    }

    async fn read_whole(&self, name: &ObjectName, limit_bytes: u64) -> Result<Option<Bytes>, ArtifactError> {
        let (this, name) = (self.clone(), name.clone());
        blocking(move || {
            let Some(file) = this.file(&name)? else { return Ok(None) };
            match size_of(&file)? {
                bytes if bytes > limit_bytes => Err(ArtifactError::OutOfRange { object: name, start: 0, end: bytes }),
                bytes => Self::read_of(&file, &name, 0..bytes).map(Some),
            }
        })
        .await
    }

    async fn begin(&self, name: &ObjectName) -> Result<Box<dyn Upload>, ArtifactError> {
        let (this, name) = (self.clone(), name.clone());
        blocking(move || Ok(Box::new(this.upload(&name)?) as Box<dyn Upload>)).await
    }

    async fn assemble(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError> {
        let (this, name) = (self.clone(), name.clone());
        blocking(move || this.assemble_now(&name, pieces)).await
    }

    async fn share(&self, from: &ObjectName, name: &ObjectName, expected: Assembled) -> Result<bool, ArtifactError> {
        let (this, from, to) = (self.clone(), from.clone(), self.path(name));
        blocking(move || {
            let Some(file) = this.file(&from)? else { return Ok(false) };
            second_name::give(&this.workspace, (&this.path(&from), file), &to, expected)
        })
        .await
    }

    async fn delete(&self, name: &ObjectName) -> Result<bool, ArtifactError> {
        let (this, path) = (self.clone(), self.path(name));
        blocking(move || {
            fail::fail_point!("artifacts.delete");
            disk::remove(&this.root, &path)
        })
        .await
    }

    async fn list(
        &self,
        prefix: &Prefix,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ArtifactError> {
        let (root, prefix, after) = (Arc::clone(&self.root), prefix.to_string(), after.map(ToString::to_string));
        blocking(move || list::list(&root, &prefix, after.as_deref(), limit)).await
    }

    async fn sweep(&self) -> Result<u64, ArtifactError> {
        let this = self.clone();
        blocking(move || sweep::sweep(this.workspace.parent())).await
    }

    async fn copy_to(
        &self,
        name: &ObjectName,
        destination: &Path,
        crc64nvme: Option<u64>,
    ) -> Result<u64, ArtifactError> {
        let (this, name, destination) = (self.clone(), name.clone(), destination.to_owned());
        blocking(move || {
            let file = this.file(&name)?.ok_or_else(|| ArtifactError::Missing { object: name.clone() })?;
            copy_out::copy_out(&this.workspace, &name, &file, &destination, crc64nvme)
        })
        .await
    }

    async fn ping(&self) -> Result<(), ArtifactError> {
        let this = self.clone();
        blocking(move || this.workspace.create().map(drop)).await
    }
}

fn size_of(file: &File) -> Result<u64, ArtifactError> {
    Ok(file.metadata().map_err(ArtifactError::io("look at an object"))?.len())
}

/// Runs disk work on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ArtifactError::io("run to its end")(std::io::Error::other(error))))
}
