//! The central directory and the records behind it, written entry by entry.

use std::io::{self, Write};

use super::{
    DATE, FLAGS, MADE_BY, MARK_16, METHOD_DEFLATE, NEEDS_DEFLATE, NEEDS_ZIP64, TIME, ZIP64_EXTRA, field_32, needs_64,
};
use crate::hash::Crc32;

pub(crate) const ENTRY_SIGNATURE: u32 = 0x0201_4b50;
pub(crate) const ZIP64_END_SIGNATURE: u32 = 0x0606_4b50;
const ZIP64_LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
pub(crate) const END_SIGNATURE: u32 = 0x0605_4b50;

/// The fixed part of a directory entry (4.3.12).
pub(crate) const ENTRY_FIXED_BYTES: u64 = 46;
/// The ZIP64 extra field of an entry whose offset alone needs it.
pub(crate) const OFFSET_EXTRA_BYTES: u64 = 12;
/// The end record without a comment (4.3.16).
pub(crate) const END_BYTES: u64 = 22;
/// The ZIP64 end record without extensible data (4.3.14).
pub(crate) const ZIP64_END_BYTES: u64 = 56;
/// The locator of the ZIP64 end record (4.3.15).
pub(crate) const ZIP64_LOCATOR_BYTES: u64 = 20;

/// Upper half of the external attributes: a regular file, `rw-r--r--`.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// What the central directory says of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Name, as in the local header.
    pub name: String,
    /// CRC-32 of the uncompressed bytes.
    pub crc32: Crc32,
    /// Bytes of the data as stored.
    pub compressed_bytes: u64,
    /// Bytes of the data uncompressed.
    pub bytes: u64,
    /// Where the local header begins in this file.
    pub offset: u64,
}

/// Writes a central directory to `out` as entries arrive; complete only through [`DirectoryBuilder::finish`].
pub struct DirectoryBuilder<W: Write> {
    out: W,
    start: u64,
    bytes: u64,
    entries: u64,
}

impl<W: Write> DirectoryBuilder<W> {
    /// A directory that begins at `start` of the file, where the data of the last entry ends.
    pub fn new(out: W, start: u64) -> Self {
        Self { out, start, bytes: 0, entries: 0 }
    }

    /// Adds the next entry, in the order of the data.
    pub fn add(&mut self, entry: &DirectoryEntry) -> io::Result<()> {
        let record = directory_record(entry);
        self.entries += 1;
        self.put(&record)
    }

    /// Writes the end records and says how many bytes the directory has with them.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        let (start, size, entries) = (self.start, self.bytes, self.entries);
        let many = entries >= u64::from(MARK_16);
        let zip64 = many || needs_64(size) || needs_64(start);
        if zip64 {
            self.put(&zip64_end(start, size, entries))?;
        }
        let mut end = Vec::with_capacity(END_BYTES as usize);
        end.extend_from_slice(&END_SIGNATURE.to_le_bytes());
        end.extend_from_slice(&[0; 4]);
        let entries_field = if many { MARK_16 } else { entries as u16 }.to_le_bytes();
        end.extend_from_slice(&entries_field);
        end.extend_from_slice(&entries_field);
        end.extend_from_slice(&field_32(size, needs_64(size)));
        end.extend_from_slice(&field_32(start, needs_64(start)));
        end.extend_from_slice(&[0; 2]);
        self.put(&end)?;
        Ok((self.out, self.bytes))
    }

    fn put(&mut self, record: &[u8]) -> io::Result<()> {
        self.bytes += record.len() as u64;
        self.out.write_all(record)
    }
}

/// One entry of the central directory (4.3.12).
fn directory_record(entry: &DirectoryEntry) -> Vec<u8> {
    // As in the local header, both sizes move to the extra field when one needs it.
    let sizes = needs_64(entry.compressed_bytes) || needs_64(entry.bytes);
    let offset = needs_64(entry.offset);
    let mut extra = Vec::new();
    if sizes || offset {
        let length = if sizes { 16 } else { 0 } + if offset { 8u16 } else { 0 };
        extra.extend_from_slice(&ZIP64_EXTRA.to_le_bytes());
        extra.extend_from_slice(&length.to_le_bytes());
    }
    if sizes {
        extra.extend_from_slice(&entry.bytes.to_le_bytes());
        extra.extend_from_slice(&entry.compressed_bytes.to_le_bytes());
    }
    if offset {
        extra.extend_from_slice(&entry.offset.to_le_bytes());
    }
    let needs = if extra.is_empty() { NEEDS_DEFLATE } else { NEEDS_ZIP64 };
    let mut record = Vec::with_capacity(ENTRY_FIXED_BYTES as usize + entry.name.len() + extra.len());
    record.extend_from_slice(&ENTRY_SIGNATURE.to_le_bytes());
    for field in [MADE_BY, needs, FLAGS, METHOD_DEFLATE, TIME, DATE] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(&entry.crc32.0.to_le_bytes());
    record.extend_from_slice(&field_32(entry.compressed_bytes, sizes));
    record.extend_from_slice(&field_32(entry.bytes, sizes));
    // Lengths of name, extra field and comment; then disk and internal attributes.
    for field in [entry.name.len() as u16, extra.len() as u16, 0, 0, 0] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(&ATTRIBUTES.to_le_bytes());
    record.extend_from_slice(&field_32(entry.offset, offset));
    record.extend_from_slice(entry.name.as_bytes());
    record.extend_from_slice(&extra);
    record
}

/// The ZIP64 end record (4.3.14) and its locator (4.3.15); the record begins right behind the directory.
fn zip64_end(start: u64, size: u64, entries: u64) -> Vec<u8> {
    let mut end = Vec::with_capacity((ZIP64_END_BYTES + ZIP64_LOCATOR_BYTES) as usize);
    end.extend_from_slice(&ZIP64_END_SIGNATURE.to_le_bytes());
    // Its size, without signature and this field.
    end.extend_from_slice(&(ZIP64_END_BYTES - 12).to_le_bytes());
    end.extend_from_slice(&MADE_BY.to_le_bytes());
    end.extend_from_slice(&NEEDS_ZIP64.to_le_bytes());
    end.extend_from_slice(&[0; 8]);
    for field in [entries, entries, size, start] {
        end.extend_from_slice(&field.to_le_bytes());
    }
    end.extend_from_slice(&ZIP64_LOCATOR_SIGNATURE.to_le_bytes());
    end.extend_from_slice(&[0; 4]);
    end.extend_from_slice(&(start + size).to_le_bytes());
    end.extend_from_slice(&1u32.to_le_bytes());
    end
}
