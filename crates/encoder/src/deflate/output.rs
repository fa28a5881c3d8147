//! Bits one behind the other, the first one lowest (RFC 1951, 3.1.1).

use std::io;

use super::window::boxed;

/// More than a block comes to, since none is longer than its stored form; a power of two, so that a masked place needs
/// no check.
const ROOM_BYTES: usize = 1 << 17;

/// The output of one block, and the bits of a byte that is not full.
pub(super) struct Output {
    bytes: Box<[u8; ROOM_BYTES + 8]>,
    end: End,
}

/// Where the bits end.
#[derive(Clone, Copy, Default)]
struct End {
    length: usize,
    bits: u64,
    count: u32,
}

impl Default for Output {
    fn default() -> Self {
        Self { bytes: boxed(), end: End::default() }
    }
}

impl Output {
    /// Adds the lowest `count` bits, at most 56; those above are zero.
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.end.put(&mut self.bytes, bits, count);
    }

    /// Adds many at once, which keeps the end of the bits in registers.
    pub(super) fn put_all(&mut self, all: impl Iterator<Item = (u64, u32)>) {
        let mut end = self.end;
        for (bits, count) in all {
            end.put(&mut self.bytes, bits, count);
        }
        self.end = end;
    }

    /// Fills the last byte up with zeros.
    pub(super) fn align(&mut self) {
        self.put(0, (8 - self.end.count) % 8);
    }

    /// How many bits the last byte has, below 8.
    pub(super) fn open_bits(&self) -> u32 {
        self.end.count
    }

    /// Adds whole bytes; the last byte must be full.
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        self.bytes[self.end.length..self.end.length + bytes.len()].copy_from_slice(bytes);
        self.end.length += bytes.len();
    }

    /// Hands the full bytes on.
    pub(super) fn drain<S>(&mut self, sink: &mut S) -> io::Result<()>
    where
        S: FnMut(&[u8]) -> io::Result<()>,
    {
        let length = std::mem::take(&mut self.end.length);
        if length > 0 { sink(&self.bytes[..length]) } else { Ok(()) }
    }
}

impl End {
    #[inline(always)]
    fn put(&mut self, bytes: &mut [u8; ROOM_BYTES + 8], bits: u64, count: u32) {
        self.bits |= bits << self.count;
        self.count += count;
        let at = self.length % ROOM_BYTES;
        bytes[at..at + 8].copy_from_slice(&self.bits.to_le_bytes());
        self.length += self.count as usize / 8;
        self.bits >>= self.count & 56;
        self.count &= 7;
    }
}
