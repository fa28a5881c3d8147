//! The frame of a gzip member (RFC 1952): always the same header, and a trailer of CRC-32 and length.

use crate::hash::Crc32;

/// Deflate, no flags, no time, no hint at the effort, system unknown: nothing of the machine or the moment.
pub const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Length of the trailer.
pub const TRAILER_BYTES: u64 = 8;

/// What stands behind the deflate stream: the CRC-32 and the length modulo 2^32 of the uncompressed bytes.
pub fn trailer(crc32: Crc32, bytes: u64) -> [u8; 8] {
    let mut trailer = [0; 8];
    trailer[..4].copy_from_slice(&crc32.0.to_le_bytes());
    trailer[4..].copy_from_slice(&(bytes as u32).to_le_bytes());
    trailer
}
