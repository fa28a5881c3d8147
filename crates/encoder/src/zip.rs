//! The ZIP format as far as it is written here (PKWARE APPNOTE.TXT 6.3.10, ZIP64 included).
//!
//! Every entry is deflated, of 1980-01-01, mode 0644, and has its final sizes in its local header: nothing stands
//! between or behind the data that the headers do not tell.

mod directory;
mod local;
mod locate;
#[cfg(test)]
mod tests;

pub use directory::{DirectoryBuilder, DirectoryEntry};
pub use local::{LOCAL_EXTRA_BYTES, local_header, local_header_bytes};
pub(crate) use locate::{LastEntry, locate_last_entry};

/// A 32-bit field that holds this points to the ZIP64 extra field (4.4.8, 4.4.9, 4.4.16, 4.4.24).
const MARK_32: u32 = u32::MAX;
/// A 16-bit field that holds this points to the ZIP64 end record (4.4.22).
const MARK_16: u16 = u16::MAX;

/// Extra field of ZIP64 sizes and offset (4.5.3).
const ZIP64_EXTRA: u16 = 0x0001;

/// Bit 11: the name is UTF-8 (4.4.4).
const FLAGS: u16 = 1 << 11;
/// Method 8: deflate (4.4.5).
const METHOD_DEFLATE: u16 = 8;
/// 00:00:00 and 1980-01-01 (4.4.6).
const TIME: u16 = 0;
const DATE: u16 = 0x0021;

/// Specification 2.0 is needed for deflate, 4.5 for ZIP64 (4.4.3.2).
const NEEDS_DEFLATE: u16 = 20;
const NEEDS_ZIP64: u16 = 45;
/// Made by Unix (3), after specification 4.5 (4.4.2).
const MADE_BY: u16 = 3 << 8 | NEEDS_ZIP64;

/// Whether a size or an offset has no room in 32 bits, whose greatest value is the mark.
fn needs_64(value: u64) -> bool {
    value >= u64::from(MARK_32)
}

/// A size or an offset as its 32-bit field holds it.
fn field_32(value: u64, in_extra: bool) -> [u8; 4] {
    // `in_extra` is set wherever the value does not fit.
    if in_extra { MARK_32 } else { value as u32 }.to_le_bytes()
}
