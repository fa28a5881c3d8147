//! The entry still open: what comes in is hashed, compressed, hashed again and appended.

use std::io;

use super::{Container, EntrySummary, Output};
use crate::deflate::Deflater;
use crate::gzip;
use crate::hash::{Crc32, PlainHasher};
use crate::zip::local_header;
use crc64::{Crc64, Crc64Hasher};

/// An entry whose header does not tell its sizes yet.
pub(super) struct OpenEntry {
    pub(super) rows: u64,
    name: String,
    header_offset: u64,
    plain: PlainHasher,
    stored: StoredHasher,
}

/// Hashes of the stored bytes.
struct StoredHasher {
    bytes: u64,
    crc64: Crc64Hasher,
    /// Raw pieces are stored as they are: one BLAKE3 does for both.
    blake3: Option<blake3::Hasher>,
}

impl OpenEntry {
    /// Appends what stands before the data: a local header without its numbers, or the header of a gzip member.
    pub(super) fn begin(
        name: String,
        container: Container,
        sha256: bool,
        header_offset: u64,
        output: &mut impl Output,
    ) -> io::Result<Self> {
        let blake3 = (container != Container::Raw).then(blake3::Hasher::new);
        let stored = StoredHasher { bytes: 0, crc64: Crc64Hasher::default(), blake3 };
        let mut entry = Self { rows: 0, name, header_offset, plain: PlainHasher::new(sha256), stored };
        match container {
            Container::Zip => output.append(&local_header(&entry.name, Crc32(0), 0, 0))?,
            Container::Gzip => entry.stored.append(&gzip::HEADER, output)?,
            Container::Raw => {}
        }
        Ok(entry)
    }

    /// Takes uncompressed bytes.
    pub(super) fn write(
        &mut self,
        bytes: &[u8],
        container: Container,
        deflater: &mut Deflater,
        output: &mut impl Output,
    ) -> io::Result<()> {
        self.plain.update(bytes);
        match container {
            Container::Raw => self.stored.append(bytes, output),
            Container::Zip | Container::Gzip => {
                deflater.write(bytes, &mut |compressed: &[u8]| self.stored.append(compressed, output))
            }
        }
    }

    /// Ends the data and writes the final local header over the one that held its place.
    pub(super) fn end(
        mut self,
        container: Container,
        deflater: &mut Deflater,
        output: &mut impl Output,
    ) -> io::Result<EntrySummary> {
        if container != Container::Raw {
            deflater.finish(&mut |compressed: &[u8]| self.stored.append(compressed, output))?;
        }
        let plain = self.plain.finish();
        if container == Container::Gzip {
            self.stored.append(&gzip::trailer(plain.crc32, plain.bytes), output)?;
        }
        let mut summary = EntrySummary {
            name: self.name,
            container,
            rows: self.rows,
            bytes: plain.bytes,
            compressed_bytes: self.stored.bytes,
            crc32: plain.crc32,
            blake3: plain.blake3,
            compressed_blake3: self.stored.blake3.map_or(plain.blake3, |blake3| blake3.finalize().into()),
            sha256: plain.sha256,
            header_offset: self.header_offset,
            crc64nvme: Crc64::EMPTY,
        };
        let header = summary.local_header();
        if !header.is_empty() {
            output.patch(self.header_offset, &header)?;
        }
        summary.crc64nvme = Crc64::of(&header).join(self.stored.crc64.finish());
        Ok(summary)
    }
}

impl StoredHasher {
    fn append(&mut self, bytes: &[u8], output: &mut impl Output) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.crc64.update(bytes);
        if let Some(blake3) = &mut self.blake3 {
            blake3.update(bytes);
        }
        output.append(bytes)
    }
}
