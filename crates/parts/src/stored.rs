//! Finding and removing stored parts: a part and its record, of which the record comes first and goes last.

use artifacts::{ArtifactError, Artifacts, ObjectName};
use crc64::Crc64Hasher;
use domain::content_key::{ContentKey, KeyBuilder};
use domain::export::Export;

use crate::PartRecord;
use crate::plan::PlannedSegment;

/// Longest record that is read: about 1,000 times that of a month (bytes).
const RECORD_LIMIT_BYTES: u64 = 16 << 20;

/// What of a part is read at a time for its check (bytes).
const CHECKED_BYTES: u64 = 1 << 20;

/// Where the part of a segment lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// The part itself.
    pub part: ObjectName,
    /// What lies beside it.
    pub record: ObjectName,
}

impl StoredPart {
    /// The part that this attempt at a segment builds or built.
    ///
    /// The attempt counts only where a dataset has no content versions; elsewhere all attempts build the same part.
    pub fn of(export: &Export, segment: &PlannedSegment, attempt: u32) -> Self {
        let (owner, day, key) = (&export.owner, segment.slice.first_day, key(export, segment, attempt));
        Self { part: ObjectName::part(owner, day, key), record: ObjectName::part_summary(owner, day, key) }
    }

    /// The record of a part that is there in its whole length, or `None`: then it is to be built.
    ///
    /// The bytes of a part are checked while they are copied into an archive.
    pub async fn finished(&self, artifacts: &dyn Artifacts) -> Result<Option<PartRecord>, ArtifactError> {
        let bytes = match artifacts.read_whole(&self.record, RECORD_LIMIT_BYTES).await {
            Err(ArtifactError::OutOfRange { .. }) | Ok(None) => return Ok(None),
            bytes => bytes?.unwrap_or_default(),
        };
        let Ok(record) = PartRecord::from_bytes(&bytes) else { return Ok(None) };
        let whole = artifacts.size(&self.part).await? == Some(record.part.total_bytes);
        Ok(whole.then_some(record))
    }

    /// Whether every byte of the part is what its record says: reads all of it.
    pub async fn is_as_recorded(&self, artifacts: &dyn Artifacts, record: &PartRecord) -> Result<bool, ArtifactError> {
        let mut crc = Crc64Hasher::default();
        while crc.bytes() < record.part.total_bytes {
            let end = record.part.total_bytes.min(crc.bytes() + CHECKED_BYTES);
            match artifacts.read(&self.part, crc.bytes()..end).await {
                Ok(Some(bytes)) => crc.update(&bytes),
                Ok(None) | Err(ArtifactError::Missing { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(crc.finish() == record.part.crc64nvme)
    }

    /// Removes the part and then its record.
    pub async fn discard(&self, artifacts: &dyn Artifacts) -> Result<(), ArtifactError> {
        artifacts.delete(&self.part).await?;
        artifacts.delete(&self.record).await?;
        Ok(())
    }
}

fn key(export: &Export, segment: &PlannedSegment, attempt: u32) -> ContentKey {
    if export.request.dataset.has_content_versions() {
        return segment.key;
    }
    // Attempts may see other rows: a late one must not write over what another recorded.
    KeyBuilder::new("part of an attempt").bytes("part", &segment.key.0).number("attempt", attempt).finish()
}
