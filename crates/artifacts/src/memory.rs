//! The artifacts in memory, for tests.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Bound, Range};
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use crate::assembly::Assembly;
use crate::{ArtifactError, Artifacts, Assembled, ObjectName, Pieces, Prefix, Put, Upload, assembly};
use crc64::Crc64;

/// Objects that live as long as their process; clones are the same storage.
#[derive(Clone, Debug, Default)]
pub struct MemoryArtifacts(Arc<Mutex<BTreeMap<ObjectName, Bytes>>>);

impl MemoryArtifacts {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<ObjectName, Bytes>) -> T) -> T {
        work(&mut self.0.lock().expect("no panic while the objects are held"))
    }

    fn whole(&self, name: &ObjectName) -> Option<Bytes> {
        self.with(|objects| objects.get(name).cloned())
    }

    fn upload(&self, name: &ObjectName) -> MemoryUpload {
        MemoryUpload { to: self.clone(), name: name.clone(), bytes: Vec::new() }
    }
}

/// The bytes of `range`, if they are all there.
fn cut(name: &ObjectName, bytes: &Bytes, range: Range<u64>) -> Result<Bytes, ArtifactError> {
    let missing = || ArtifactError::Missing { object: name.clone() };
    let at = |place: u64| usize::try_from(place).ok().filter(|place| *place <= bytes.len()).ok_or_else(missing);
    let (start, end) = (at(range.start)?, at(range.end)?);
    Ok(bytes.slice(start.min(end)..end))
}

#[async_trait]
impl Artifacts for MemoryArtifacts {
    async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, ArtifactError> {
        self.with(|objects| match objects.get(name) {
            Some(known) if *known == bytes => Ok(Put::Already),
            Some(_) => Err(ArtifactError::Conflict { object: name.clone() }),
            None => {
                objects.insert(name.clone(), bytes);
                Ok(Put::Stored)
            }
        })
    }

    async fn read(&self, name: &ObjectName, range: Range<u64>) -> Result<Option<Bytes>, ArtifactError> {
        self.whole(name).map(|bytes| cut(name, &bytes, range)).transpose()
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, ArtifactError> {
        Ok(self.whole(name).map(|bytes| bytes.len() as u64))
    }

    async fn begin(&self, name: &ObjectName) -> Result<Box<dyn Upload>, ArtifactError> {
        Ok(Box::new(self.upload(name)))
    }

    async fn assemble(&self, name: &ObjectName, pieces: Pieces) -> Result<Assembled, ArtifactError> {
        let mut upload = Box::new(self.upload(name));
        let assembled = assembly::assemble(upload.as_mut(), pieces)?;
        upload.finish()?;
        Ok(assembled)
    }

    async fn delete(&self, name: &ObjectName) -> Result<bool, ArtifactError> {
        Ok(self.with(|objects| objects.remove(name).is_some()))
    }

    async fn list(
        &self,
        prefix: &Prefix,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, ArtifactError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.with(|objects| {
            let names = objects.range((from, Bound::Unbounded)).map(|(name, _)| name);
            names.filter(|name| prefix.contains(name)).take(limit).cloned().collect()
        }))
    }

    async fn sweep(&self) -> Result<u64, ArtifactError> {
        Ok(0)
    }

    async fn copy_to(
        &self,
        name: &ObjectName,
        destination: &Path,
        crc64nvme: Option<u64>,
    ) -> Result<u64, ArtifactError> {
        let bytes = self.whole(name).ok_or_else(|| ArtifactError::Missing { object: name.clone() })?;
        if crc64nvme.is_some_and(|expected| expected != Crc64::of(&bytes).value) {
            return Err(ArtifactError::Corrupt { object: name.clone(), what: "CRC-64/NVME of the object" });
        }
        std::fs::write(destination, &bytes).map_err(ArtifactError::io("write a copy"))?;
        Ok(bytes.len() as u64)
    }

    async fn ping(&self) -> Result<(), ArtifactError> {
        Ok(())
    }
}

struct MemoryUpload {
    to: MemoryArtifacts,
    name: ObjectName,
    bytes: Vec<u8>,
}

impl Upload for MemoryUpload {
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError> {
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.bytes.len() as u64 {
            return Err(ArtifactError::OutOfRange { object: self.name.clone(), start: offset, end });
        }
        let start = offset as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<u64, ArtifactError> {
        let Self { to, name, bytes } = *self;
        let size = bytes.len() as u64;
        to.with(|objects| objects.insert(name, bytes.into()));
        Ok(size)
    }
}

impl Assembly for MemoryUpload {
    type Source = Bytes;

    fn open(&self, name: &ObjectName) -> Result<Option<Bytes>, ArtifactError> {
        Ok(self.to.whole(name))
    }

    fn read(&self, source: &Bytes, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let rest = usize::try_from(offset).ok().and_then(|offset| source.get(offset..)).unwrap_or_default();
        let bytes = rest.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        Upload::append(self, bytes)
    }

    fn append_copy(&mut self, _: &Bytes, _: u64, bytes: &[u8]) -> Result<(), ArtifactError> {
        Upload::append(self, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::artifacts_contract!(((), MemoryArtifacts::default()));
}
