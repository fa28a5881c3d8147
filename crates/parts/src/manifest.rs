//! Reading the manifest of a finished file: out of the end of a zip, or beside a csv.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use artifacts::{ArtifactError, Artifacts, ObjectName};
use domain::export::{ArchiveFile, Export};
use domain::request::Format;
use encoder::archive::{ManifestText, manifest_text};
use encoder::hash::Hash256;
use thiserror::Error;
use tokio::runtime::Handle;

use crate::names::manifest_name;

/// The text of the manifest of `file`, compared with the hash that the export's record holds.
///
/// # Errors
/// [`ManifestError::TooLong`] where it is longer than `limit_bytes`; nothing of it is read then.
pub async fn read_manifest(
    artifacts: Arc<dyn Artifacts>,
    export: &Export,
    file: &ArchiveFile,
    limit_bytes: u64,
) -> Result<Vec<u8>, ManifestError> {
    let object = |name: &str| {
        ObjectName::archive(&export.owner, export.id, name).map_err(|_| ManifestError::Damaged("a file name"))
    };
    let text = match export.request.format {
        Format::Zip => inside(artifacts, object(&file.name)?, file.bytes, limit_bytes).await?,
        Format::Csv | Format::CsvGz => {
            let beside = object(&manifest_name(&file.name))?;
            match artifacts.read_whole(&beside, limit_bytes).await {
                Err(ArtifactError::OutOfRange { .. }) => return Err(ManifestError::TooLong { limit_bytes }),
                text => text?.ok_or(ArtifactError::Missing { object: beside })?.to_vec(),
            }
        }
    };
    let same = Hash256::blake3(&text).0 == file.manifest_blake3;
    if same { Ok(text) } else { Err(ManifestError::Damaged("it is not the one that was written")) }
}

async fn inside(
    artifacts: Arc<dyn Artifacts>,
    object: ObjectName,
    bytes: u64,
    limit_bytes: u64,
) -> Result<Vec<u8>, ManifestError> {
    let handle = Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        let reader = ObjectReader { artifacts, object, bytes, at: 0, handle };
        manifest_text(&mut BufReader::with_capacity(64 << 10, reader), limit_bytes)
    });
    match reading.await?? {
        ManifestText::Found(text) => Ok(text),
        ManifestText::TooLong => Err(ManifestError::TooLong { limit_bytes }),
        ManifestText::None => Err(ManifestError::Damaged("it does not end the zip")),
    }
}

/// An object as a plain reader, for a thread that may block.
struct ObjectReader {
    artifacts: Arc<dyn Artifacts>,
    object: ObjectName,
    bytes: u64,
    at: u64,
    handle: Handle,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.bytes.min(self.at.saturating_add(buffer.len() as u64));
        if end <= self.at {
            return Ok(0);
        }
        let read = self.handle.block_on(self.artifacts.read(&self.object, self.at..end))?;
        let read = read.ok_or_else(|| ArtifactError::Missing { object: self.object.clone() })?;
        let length = read.len().min(buffer.len());
        buffer[..length].copy_from_slice(&read[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// Why a manifest could not be read.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// Longer than the caller takes.
    #[error("the manifest is longer than {limit_bytes} bytes")]
    TooLong {
        /// What the caller takes.
        limit_bytes: u64,
    },
    /// Not what was written.
    #[error("the manifest is damaged: {0}")]
    Damaged(&'static str),
    /// The artifacts.
    #[error(transparent)]
    Artifacts(#[from] ArtifactError),
    /// The artifacts, while a zip was read.
    #[error("the archive could not be read")]
    Io(#[from] io::Error),
    /// The reading thread ended without a result.
    #[error("the manifest was not read to its end")]
    Lost(#[from] tokio::task::JoinError),
}

impl ManifestError {
    /// Whether another attempt may succeed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::Damaged(_) => false,
            Self::Artifacts(error) => error.retryable(),
            Self::Io(_) | Self::Lost(_) => true,
        }
    }
}
