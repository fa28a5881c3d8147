//! Finding the last entry of a zip from its end, without reading its directory.
//!
//! Nothing found here is trusted: it says where to look, and what stands there is compared byte by byte afterwards.

use std::io::{self, Read, Seek, SeekFrom};

use super::directory::{
    END_BYTES, END_SIGNATURE, ENTRY_FIXED_BYTES, ENTRY_SIGNATURE, OFFSET_EXTRA_BYTES, ZIP64_END_BYTES,
    ZIP64_END_SIGNATURE, ZIP64_LOCATOR_BYTES,
};
use super::{MARK_16, MARK_32};

/// Where the last entry and the directory of a zip say they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastEntry {
    /// The local header of the last entry.
    pub(crate) header_offset: u64,
    /// The central directory.
    pub(crate) directory_offset: u64,
}

/// Looks for a last entry of this name, whose sizes fit 32 bits; `None` where there is no such end.
pub(crate) fn locate_last_entry(reader: &mut (impl Read + Seek), name: &str) -> io::Result<Option<LastEntry>> {
    let length = reader.seek(SeekFrom::End(0))?;
    let most = END_BYTES + ZIP64_LOCATOR_BYTES + ZIP64_END_BYTES + ENTRY_FIXED_BYTES + OFFSET_EXTRA_BYTES;
    let mut tail = Vec::new();
    reader.seek(SeekFrom::Start(length.saturating_sub(most + name.len() as u64)))?;
    reader.read_to_end(&mut tail)?;
    Ok(end_of_directory(&tail).and_then(|(directory_offset, directory)| {
        let header_offset = last_entry_offset(directory, name)?;
        Some(LastEntry { header_offset, directory_offset })
    }))
}

/// The offset of the directory, and what of it is in the tail.
fn end_of_directory(tail: &[u8]) -> Option<(u64, &[u8])> {
    let (before, end) = split_end(tail, END_BYTES)?;
    if u32_at(end, 0)? != END_SIGNATURE {
        return None;
    }
    let offset = u32_at(end, 16)?;
    if u16_at(end, 10)? != MARK_16 && u32_at(end, 12)? != MARK_32 && offset != MARK_32 {
        return Some((offset.into(), before));
    }
    let (before, _) = split_end(before, ZIP64_LOCATOR_BYTES)?;
    let (before, end) = split_end(before, ZIP64_END_BYTES)?;
    (u32_at(end, 0)? == ZIP64_END_SIGNATURE).then_some((u64_at(end, 48)?, before))
}

/// The offset that the last directory entry tells, with or without the ZIP64 extra field of an offset.
fn last_entry_offset(directory: &[u8], name: &str) -> Option<u64> {
    let fixed = ENTRY_FIXED_BYTES as usize;
    let record = |extra_bytes: u64| {
        let (_, record) = split_end(directory, ENTRY_FIXED_BYTES + name.len() as u64 + extra_bytes)?;
        let found = u32_at(record, 0)? == ENTRY_SIGNATURE
            && record.get(fixed..fixed + name.len())? == name.as_bytes()
            && u16_at(record, 28)? as usize == name.len()
            && u64::from(u16_at(record, 30)?) == extra_bytes;
        found.then_some(record)
    };
    match record(0) {
        Some(record) => u32_at(record, 42).map(u64::from),
        None => record(OFFSET_EXTRA_BYTES).and_then(|record| u64_at(record, fixed + name.len() + 4)),
    }
}

fn split_end(bytes: &[u8], length: u64) -> Option<(&[u8], &[u8])> {
    bytes.len().checked_sub(length as usize).map(|at| bytes.split_at(at))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
