//! Comparing what should be written with what is there.

use std::io::{self, Read, Write};

/// A writer that reads as many bytes as are written and compares them.
pub(super) struct Comparer<R: Read> {
    reader: R,
    same: bool,
    found: Vec<u8>,
}

impl<R: Read> Comparer<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, same: true, found: Vec::new() }
    }

    /// Whether all was the same and the reader is at its end.
    pub(super) fn finish(mut self) -> io::Result<bool> {
        Ok(self.same && read_up_to(&mut self.reader, &mut self.found, 1)? == 0)
    }
}

impl<R: Read> Write for Comparer<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.same {
            read_up_to(&mut self.reader, &mut self.found, bytes.len() as u64)?;
            self.same = self.found == bytes;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads `length` bytes into `into`, or fewer where the reader ends before.
pub(super) fn read_up_to(reader: &mut impl Read, into: &mut Vec<u8>, length: u64) -> io::Result<u64> {
    into.clear();
    reader.by_ref().take(length).read_to_end(into).map(|bytes| bytes as u64)
}
