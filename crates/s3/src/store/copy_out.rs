//! Handing a finished object out as a file of the user: downloaded in ranges, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifacts::{ArtifactError, ObjectName};
use crc64::Crc64Hasher;
use futures::{StreamExt, TryStreamExt, stream};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::error::{broken, failed};
use crate::{Bucket, S3Error};

const DOING: &str = "download an object";
/// Bytes of one range: what a connection that is cut costs at most.
const RANGE_BYTES: u64 = 8 << 20;
/// Ranges on their way at once.
const RANGES_AT_ONCE: usize = 4;

/// Downloads an object beside `destination`, compares it on the way, and puts it in its place; returns its size (bytes).
pub(super) async fn copy_out(
    bucket: &Bucket,
    name: &ObjectName,
    destination: &Path,
    crc64nvme: Option<u64>,
) -> Result<u64, ArtifactError> {
    let key = name.to_string();
    let missing = || ArtifactError::Missing { object: name.clone() };
    let head = bucket.head(&key).await.map_err(failed(DOING))?.ok_or_else(missing)?;
    let unnamed = format!(".outhaul-{}.part", crate::check::random_name(bucket));
    let to = destination.to_owned();
    let beside = Arc::new(blocking(move || Beside::create(&to, &unnamed)).await?);
    let etag = Some(head.etag.as_str()).filter(|etag| !etag.is_empty());
    let ranges = (0..head.bytes).step_by(RANGE_BYTES as usize);
    let reads = ranges.map(|start| {
        let (key, end) = (&key, head.bytes.min(start + RANGE_BYTES));
        async move { Ok((start, bucket.get_range(key, start..end, etag).await.map_err(changed(name))?)) }
    });
    let mut reads = stream::iter(reads).buffered(RANGES_AT_ONCE);
    let mut crc = Crc64Hasher::default();
    while let Some((start, bytes)) = reads.try_next().await? {
        let (bytes, beside) = (bytes.ok_or_else(missing)?, Arc::clone(&beside));
        crc.update(&bytes);
        blocking(move || beside.file.write_all_at(&bytes, start)).await?;
    }
    if crc64nvme.or(head.crc64nvme).is_some_and(|expected| expected != crc.finish().value) {
        return Err(ArtifactError::Corrupt { object: name.clone(), what: "CRC-64/NVME of the object" });
    }
    let to = destination.to_owned();
    blocking(move || beside.publish(&to)).await?;
    Ok(head.bytes)
}

/// An object that is replaced while it is read is read anew by whoever asks again.
fn changed(name: &ObjectName) -> impl Fn(S3Error) -> ArtifactError {
    move |error| match error {
        S3Error::NoSuchObject { .. } => ArtifactError::Missing { object: name.clone() },
        error => failed(DOING)(error),
    }
}

/// A file beside another one, not in its place yet. It has no name until then where the file system can do that, so that a
/// process that is killed leaves nothing.
struct Beside {
    file: File,
    path: PathBuf,
    is_named: bool,
}

impl Beside {
    fn create(destination: &Path, name: &str) -> io::Result<Self> {
        let path = destination.with_file_name(name);
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match rustix::fs::open(folder_of(destination), flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => Ok(Self { file: File::from(file), path, is_named: false }),
            Err(_) => {
                let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
                Ok(Self { file, path, is_named: true })
            }
        }
    }

    fn publish(&self, destination: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        if !self.is_named {
            let unnamed = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            rustix::fs::linkat(CWD, unnamed, CWD, &self.path, AtFlags::SYMLINK_FOLLOW)?;
        }
        fs::rename(&self.path, destination).inspect_err(|_| {
            // The first error counts.
            let _ = fs::remove_file(&self.path);
        })?;
        File::open(folder_of(destination))?.sync_all()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if self.is_named {
            // Gone already if it was put in its place.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The folder a file lies in; a bare name lies in the current one.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Runs disk work on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ArtifactError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| broken(DOING))?;
    done.map_err(|source| ArtifactError::Io { doing: "write a downloaded object", source })
}
