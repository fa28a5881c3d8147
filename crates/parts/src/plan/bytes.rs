//! Fixed-width records: fields one behind the other, then the CRC-32 of them.

use super::PlanError;

/// Width of the records, CRC included.
pub(super) const HEADER_BYTES: u64 = 44;
pub(super) const SEGMENT_BYTES: u64 = 72;
pub(super) const DAY_BYTES: u64 = 32;
pub(super) const FILE_BYTES: u64 = 48;

/// A record in the making.
#[derive(Default)]
pub(super) struct Record(Vec<u8>);

impl Record {
    pub(super) fn put<const N: usize>(mut self, field: [u8; N]) -> Self {
        self.0.extend_from_slice(&field);
        self
    }

    /// The record with its CRC, which covers `beside` too.
    pub(super) fn seal(mut self, beside: &[u8]) -> Vec<u8> {
        let crc = crc(&self.0, beside);
        self.0.extend_from_slice(&crc.to_le_bytes());
        self.0
    }
}

/// The fields of a record whose CRC was checked.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn open(record: &'a [u8], beside: &[u8], what: &'static str) -> Result<Self, PlanError> {
        let (fields, sum) = record.split_last_chunk::<4>().ok_or(PlanError::Damaged(what))?;
        if crc(fields, beside) != u32::from_le_bytes(*sum) {
            return Err(PlanError::Damaged(what));
        }
        Ok(Self(fields))
    }

    /// The fields of a record whose CRC is checked later, together with what they point to.
    pub(super) fn unchecked(record: &'a [u8]) -> Self {
        Self(record)
    }

    /// The next `N` bytes; records have a fixed width, so that they are there.
    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk::<N>().expect("a record of fixed width holds all its fields");
        self.0 = rest;
        *field
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(super) fn i32(&mut self) -> i32 {
        i32::from_le_bytes(self.take())
    }

    pub(super) fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.take())
    }
}

fn crc(fields: &[u8], beside: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(fields);
    hasher.update(beside);
    hasher.finalize()
}
