//! The local header, whose length never depends on the sizes in it.

use super::{DATE, FLAGS, METHOD_DEFLATE, NEEDS_DEFLATE, NEEDS_ZIP64, TIME, ZIP64_EXTRA, field_32, needs_64};
use crate::hash::Crc32;

/// Always reserved behind the name: the ZIP64 extra field (4 + 8 + 8 bytes) or padding of the same length.
pub const LOCAL_EXTRA_BYTES: u16 = 20;

/// The fixed part of a local header (4.3.7).
const FIXED_BYTES: u64 = 30;
const SIGNATURE: u32 = 0x0403_4b50;

/// The extra field that Android's zipalign pads with; readers that don't know it pass over it.
const PADDING_EXTRA: u16 = 0xd935;

/// Length of the local header of an entry with this name.
pub fn local_header_bytes(name: &str) -> u64 {
    FIXED_BYTES + name.len() as u64 + u64::from(LOCAL_EXTRA_BYTES)
}

/// The local header (4.3.7) with final CRC-32 and sizes, so that no data descriptor follows the data.
///
/// ZIP64 is used exactly when a size needs it; then both sizes stand in the extra field (4.5.3).
pub fn local_header(name: &str, crc32: Crc32, compressed_bytes: u64, bytes: u64) -> Vec<u8> {
    let zip64 = needs_64(compressed_bytes) || needs_64(bytes);
    let mut header = Vec::with_capacity(local_header_bytes(name) as usize);
    header.extend_from_slice(&SIGNATURE.to_le_bytes());
    for field in [if zip64 { NEEDS_ZIP64 } else { NEEDS_DEFLATE }, FLAGS, METHOD_DEFLATE, TIME, DATE] {
        header.extend_from_slice(&field.to_le_bytes());
    }
    header.extend_from_slice(&crc32.0.to_le_bytes());
    header.extend_from_slice(&field_32(compressed_bytes, zip64));
    header.extend_from_slice(&field_32(bytes, zip64));
    header.extend_from_slice(&(name.len() as u16).to_le_bytes());
    header.extend_from_slice(&LOCAL_EXTRA_BYTES.to_le_bytes());
    header.extend_from_slice(name.as_bytes());
    header.extend_from_slice(&if zip64 { ZIP64_EXTRA } else { PADDING_EXTRA }.to_le_bytes());
    header.extend_from_slice(&(LOCAL_EXTRA_BYTES - 4).to_le_bytes());
    let (first, second) = if zip64 { (bytes, compressed_bytes) } else { (0, 0) };
    header.extend_from_slice(&first.to_le_bytes());
    header.extend_from_slice(&second.to_le_bytes());
    header
}
