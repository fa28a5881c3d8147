//! What stands behind the copied entries of a zip: the manifest as its last entry, then the directory of all.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

use crate::hash::{Hash256, PlainHasher, PlainHashes};
use crate::name::MANIFEST_NAME;
use crate::stored::{StoredWriter, plain_bytes, read_stored, stored_bytes};
use crate::zip::{DirectoryBuilder, DirectoryEntry, local_header, local_header_bytes, locate_last_entry};
use crc64::{Crc64, Crc64Hasher};

/// What the tail of an archive came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TailSummary {
    /// Bytes of the manifest's text.
    pub manifest_bytes: u64,
    /// BLAKE3 of the manifest's text.
    pub manifest_blake3: Hash256,
    /// CRC-64/NVME of the tail and its length; joined to that of the copied entries it is the archive's.
    pub crc64nvme: Crc64,
}

/// Writes the tail of a zip whose copied entries are `data_bytes` long: manifest entry, central directory, end records.
///
/// `entries` are the copied ones with their offsets in this file, in order. `manifest` writes the manifest's text and
/// is called twice, since its length and CRC-32 stand before it: so nothing is held in memory, however many files there
/// are. Entries and text may be made from storage while they are asked for.
pub fn write_zip_tail<W: Write>(
    out: W,
    data_bytes: u64,
    entries: impl IntoIterator<Item = io::Result<DirectoryEntry>>,
    manifest: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> io::Result<(TailSummary, W)> {
    let mut measure = PlainHasher::new(false);
    manifest(&mut measure)?;
    let measured = measure.finish();
    let entry = manifest_entry(&measured, data_bytes);

    let mut out = Crc64Writer { out, crc64: Crc64Hasher::default() };
    out.write_all(&local_header(&entry.name, entry.crc32, entry.compressed_bytes, entry.bytes))?;
    let mut text = HashingWriter { out: StoredWriter::new(out), hasher: PlainHasher::new(false) };
    manifest(&mut text)?;
    if text.hasher.finish() != measured {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the manifest changed between its two passes"));
    }
    let out = text.out.finish()?;

    let directory_offset = data_bytes + local_header_bytes(MANIFEST_NAME) + entry.compressed_bytes;
    let mut directory = DirectoryBuilder::new(out, directory_offset);
    for copied in entries {
        directory.add(&copied?)?;
    }
    directory.add(&entry)?;
    let (out, _) = directory.finish()?;
    let crc64nvme = out.crc64.finish();
    Ok((TailSummary { manifest_bytes: measured.bytes, manifest_blake3: measured.blake3, crc64nvme }, out.out))
}

/// What was found where the manifest of a zip should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestText {
    /// The text that is stored there, which nothing was compared with.
    Found(Vec<u8>),
    /// More bytes than the limit; none was read.
    TooLong,
    /// No manifest as the last entry of a zip.
    None,
}

/// Finds the manifest of a zip from its end and reads it, wherever the rest of the file is.
pub fn manifest_text(reader: &mut (impl Read + Seek), limit_bytes: u64) -> io::Result<ManifestText> {
    let Some(place) = locate_last_entry(reader, MANIFEST_NAME)? else { return Ok(ManifestText::None) };
    let start = place.header_offset.saturating_add(local_header_bytes(MANIFEST_NAME));
    let bytes = place.directory_offset.checked_sub(start).and_then(plain_bytes);
    Ok(match bytes {
        Some(bytes) if bytes > limit_bytes => ManifestText::TooLong,
        Some(bytes) => {
            reader.seek(SeekFrom::Start(start))?;
            read_stored(reader, bytes)?.map_or(ManifestText::None, ManifestText::Found)
        }
        None => ManifestText::None,
    })
}

/// The directory entry of a manifest whose local header begins at `offset`.
pub(crate) fn manifest_entry(text: &PlainHashes, offset: u64) -> DirectoryEntry {
    DirectoryEntry {
        name: MANIFEST_NAME.to_owned(),
        crc32: text.crc32,
        compressed_bytes: stored_bytes(text.bytes),
        bytes: text.bytes,
        offset,
    }
}

struct Crc64Writer<W: Write> {
    out: W,
    crc64: Crc64Hasher,
}

impl<W: Write> Write for Crc64Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.crc64.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct HashingWriter<W: Write> {
    out: W,
    hasher: PlainHasher,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
