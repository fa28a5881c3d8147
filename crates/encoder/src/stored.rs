//! Canonical stored deflate (RFC 1951, 3.2.4): one byte string has exactly one such form, so a verifier can make it
//! again. It carries the manifest.

use std::io::{self, Read, Write};

/// Most bytes that one stored block holds.
const BLOCK_BYTES: usize = 65_535;
/// Block type and the length, twice.
const BLOCK_HEADER_BYTES: u64 = 5;

/// How many bytes the form of `bytes` bytes has: every block but the last is full, and there is at least one block.
pub fn stored_bytes(bytes: u64) -> u64 {
    bytes + BLOCK_HEADER_BYTES * bytes.div_ceil(BLOCK_BYTES as u64).max(1)
}

/// How many bytes a form of `stored` bytes holds; `None` where no byte string has a form of that length.
pub fn plain_bytes(stored: u64) -> Option<u64> {
    let blocks = stored.div_ceil(BLOCK_HEADER_BYTES + BLOCK_BYTES as u64);
    let bytes = stored.checked_sub(BLOCK_HEADER_BYTES * blocks)?;
    (stored_bytes(bytes) == stored).then_some(bytes)
}

/// Writes what is written to it in stored form; complete only after [`StoredWriter::finish`].
pub struct StoredWriter<W: Write> {
    out: W,
    block: Vec<u8>,
}

impl<W: Write> StoredWriter<W> {
    /// A form that goes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, block: Vec::with_capacity(BLOCK_BYTES) }
    }

    /// Writes the last block.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_block(true)?;
        Ok(self.out)
    }

    fn write_block(&mut self, last: bool) -> io::Result<()> {
        self.out.write_all(&block_header(self.block.len() as u16, last))?;
        self.out.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

impl<W: Write> Write for StoredWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full block is written only once more comes, since it may be the last one.
        if self.block.len() == BLOCK_BYTES && !bytes.is_empty() {
            self.write_block(false)?;
        }
        let taken = bytes.len().min(BLOCK_BYTES - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads the form of exactly `bytes` bytes; `None` where what comes is not that form, or ends before it. Memory grows
/// as bytes arrive.
pub(crate) fn read_stored(reader: &mut impl Read, bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    let mut header = Vec::new();
    loop {
        let left = bytes - plain.len() as u64;
        let length = left.min(BLOCK_BYTES as u64);
        header.clear();
        reader.by_ref().take(BLOCK_HEADER_BYTES).read_to_end(&mut header)?;
        if header != block_header(length as u16, left == length) {
            return Ok(None);
        }
        if reader.by_ref().take(length).read_to_end(&mut plain)? as u64 != length {
            return Ok(None);
        }
        if left == length {
            return Ok(Some(plain));
        }
    }
}

fn block_header(length: u16, last: bool) -> [u8; BLOCK_HEADER_BYTES as usize] {
    let [low, high] = length.to_le_bytes();
    [u8::from(last), low, high, !low, !high]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_whatever_the_calls() {
        for length in [0, 1, 65_534, 65_535, 65_536, 131_069, 131_070, 131_071, 400_000] {
            let text: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let form = |cut: usize| {
                let mut writer = StoredWriter::new(Vec::new());
                text.chunks(cut).for_each(|chunk| writer.write_all(chunk).unwrap());
                writer.finish().unwrap()
            };
            let whole = form(usize::MAX);
            assert_eq!(whole.len() as u64, stored_bytes(length as u64));
            assert_eq!(plain_bytes(whole.len() as u64), Some(length as u64));
            assert_eq!(form(1_000), whole);
            assert_eq!(form(65_535), whole);
            assert_eq!(miniz_oxide::inflate::decompress_to_vec(&whole).unwrap(), text);
            assert_eq!(read_stored(&mut &whole[..], length as u64).unwrap().as_ref(), Some(&text));
        }
    }

    #[test]
    fn lengths_without_a_form() {
        for stored in [0, 4, 65_541, 65_545] {
            assert_eq!(plain_bytes(stored), None, "{stored}");
        }
        assert_eq!(plain_bytes(65_546), Some(65_536));
    }
}
