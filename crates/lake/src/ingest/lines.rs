//! Splits an input into lines: at LF and nothing else.
//!
//! A last line without LF counts. A line with nothing but space is skipped, yet counted in the line numbers; the CR of a
//! line that ends with CRLF is space too.

use super::InputError;
use super::source::ByteSource;

/// One line, without its LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// Longer than the limit; nothing of it is kept.
    TooLong,
}

/// The lines of an input, one at a time, in memory bounded by the line limit.
pub(crate) struct Lines {
    source: Box<ByteSource>,
    line: Vec<u8>,
    limit_bytes: usize,
    number: u64,
}

impl Lines {
    /// Lines of at most `limit_bytes` each.
    pub fn new(source: Box<ByteSource>, limit_bytes: usize) -> Self {
        Self { source, line: Vec::new(), limit_bytes, number: 0 }
    }

    /// The next line that is not empty, with its number from 1.
    pub fn next(&mut self) -> Result<Option<(u64, Line<'_>)>, InputError> {
        loop {
            self.skip_blank()?;
            let Some(too_long) = self.read_line()? else { return Ok(None) };
            self.number += 1;
            if too_long {
                return Ok(Some((self.number, Line::TooLong)));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some((self.number, Line::Whole(&self.line))))
    }

    /// The source, once its end was reached.
    pub fn into_source(self) -> Box<ByteSource> {
        self.source
    }

    /// Passes over lines with nothing but space as fast as they come: an input may hold a thousand million of them.
    fn skip_blank(&mut self) -> Result<(), InputError> {
        loop {
            let bytes = self.source.fill()?;
            let blank = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
            let Some(last) = memchr::memrchr(b'\n', &bytes[..blank]) else { return Ok(()) };
            self.number += memchr::memchr_iter(b'\n', &bytes[..=last]).count() as u64;
            self.source.consume(last + 1);
        }
    }

    /// Reads up to the next LF or the end; says whether the line was too long, `None` if there was no line.
    fn read_line(&mut self) -> Result<Option<bool>, InputError> {
        self.line.clear();
        let (mut there, mut too_long, mut blank) = (false, false, true);
        loop {
            let bytes = self.source.fill()?;
            if bytes.is_empty() {
                return Ok(there.then_some(too_long && !blank));
            }
            there = true;
            let end = memchr::memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            blank &= part.trim_ascii().is_empty();
            too_long |= self.line.len() + part.len() > self.limit_bytes;
            if too_long {
                self.line.clear();
            } else {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if end.is_some() {
                // Space alone is no line, however long.
                return Ok(Some(too_long && !blank));
            }
        }
    }
}
