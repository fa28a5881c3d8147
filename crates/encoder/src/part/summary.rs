//! What is recorded of a finished part: enough to copy its entries elsewhere and to check every byte on the way.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Container;
use crate::hash::{Crc32, Hash256};
use crate::zip::{DirectoryEntry, local_header, local_header_bytes};
use crc64::Crc64;

/// One entry of a part, or the only piece of a raw or gzip part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrySummary {
    /// Name of the entry or piece.
    pub name: String,
    /// What it was made for.
    pub container: Container,
    /// Rows, without the header line.
    pub rows: u64,
    /// Bytes uncompressed: of a zip entry with its header line.
    pub bytes: u64,
    /// Bytes as stored: the deflate stream, the gzip member, or the CSV itself.
    pub compressed_bytes: u64,
    /// CRC-32 of the uncompressed bytes.
    pub crc32: Crc32,
    /// BLAKE3 of the uncompressed bytes.
    pub blake3: Hash256,
    /// BLAKE3 of the stored bytes (without the local header of a zip).
    pub compressed_blake3: Hash256,
    /// SHA-256 of the uncompressed bytes, where asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash256>,
    /// Where its stored range begins in the part: the local header of a zip entry, else the data.
    pub header_offset: u64,
    /// CRC-64/NVME of the stored range.
    pub crc64nvme: Crc64,
}

impl EntrySummary {
    /// The exact bytes that stand before the data: the local header in a zip, nothing elsewhere.
    pub fn local_header(&self) -> Vec<u8> {
        match self.container {
            Container::Zip => local_header(&self.name, self.crc32, self.compressed_bytes, self.bytes),
            Container::Raw | Container::Gzip => Vec::new(),
        }
    }

    /// Bytes of the stored range: local header, if there is one, and data.
    pub fn stored_bytes(&self) -> u64 {
        let header_bytes = match self.container {
            Container::Zip => local_header_bytes(&self.name),
            Container::Raw | Container::Gzip => 0,
        };
        header_bytes + self.compressed_bytes
    }

    /// The stored range in the part, which is copied into an archive as it is.
    pub fn stored_range(&self) -> Range<u64> {
        self.header_offset..self.header_offset + self.stored_bytes()
    }

    /// The entry of a central directory once the stored range lies at `offset`.
    pub fn directory_entry(&self, offset: u64) -> DirectoryEntry {
        DirectoryEntry {
            name: self.name.clone(),
            crc32: self.crc32,
            compressed_bytes: self.compressed_bytes,
            bytes: self.bytes,
            offset,
        }
    }
}

/// A finished part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSummary {
    /// How the part is wrapped.
    pub container: Container,
    /// Its entries in order; their stored ranges follow one another without a gap from the first byte on.
    pub entries: Vec<EntrySummary>,
    /// Bytes of all stored ranges; what an archive copies. In a zip the central directory begins here.
    pub data_bytes: u64,
    /// Bytes of the whole file.
    pub total_bytes: u64,
    /// CRC-64/NVME of the stored ranges together.
    pub data_crc64nvme: Crc64,
    /// CRC-64/NVME of the whole file.
    pub crc64nvme: Crc64,
    /// BLAKE3 of the whole file.
    pub blake3: Hash256,
    /// Rows that went through the encoder.
    pub rows_encoded: u64,
    /// Cells that got a leading apostrophe.
    pub escaped_cells: u64,
}
