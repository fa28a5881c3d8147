//! The stored bytes of one file: hashed as they are, unpacked, hashed again, and their rows counted.

use std::io::{self, Read};

use super::inflate::Inflater;
use super::records::Records;
use crate::gzip;
use crate::hash::{Hash256, PlainHasher};
use crate::manifest::ManifestFile;
use crate::part::Container;

/// Checks files one behind the other, with one set of buffers.
pub(super) struct DataChecker {
    container: Container,
    /// The header line of the columns and profile of the manifest.
    header: Vec<u8>,
    columns: usize,
    inflater: Inflater,
    buffer: Vec<u8>,
}

/// What the stored bytes of a file came to.
#[derive(Default)]
pub(super) struct Checked {
    /// Rows counted.
    pub(super) rows: u64,
    /// What is wrong.
    pub(super) problems: Vec<&'static str>,
    /// Whether the file ended within them, so that nothing behind it can be checked.
    pub(super) ended: bool,
}

impl DataChecker {
    pub(super) fn new(container: Container, header: Vec<u8>, columns: usize) -> Self {
        Self { container, header, columns, inflater: Inflater::default(), buffer: vec![0; 64 * 1024] }
    }

    /// Reads exactly the stored bytes of `file`, whatever is wrong with them.
    pub(super) fn check(&mut self, reader: &mut impl Read, file: &ManifestFile) -> io::Result<Checked> {
        let starts_with_header = self.container == Container::Zip || file.rows == 0;
        let header = if starts_with_header { &self.header[..] } else { &[] };
        let mut content = Content::new(file, header, self.columns);
        let mut stored = Stored { reader: reader.take(file.compressed_bytes), hasher: blake3::Hasher::new() };
        let unpacked = match self.container {
            Container::Raw => content.take_all(&mut stored, &mut self.buffer)?,
            Container::Zip => self.inflater.inflate(&mut stored, |bytes| content.take(bytes))?,
            Container::Gzip => unpack_member(&mut self.inflater, &mut stored, file, &mut content)?,
        };
        let mut checked = Checked::default();
        if !unpacked {
            checked.problems.push("cannot be unpacked to the bytes that the manifest tells");
        }
        // What unpacking left over is read too, so that the hash is of all of it and the next file is where it should be.
        while stored.read(&mut self.buffer)? > 0 {}
        checked.ended = stored.reader.limit() > 0;
        if Hash256::from(stored.hasher.finalize()) != file.compressed_blake3 {
            checked.problems.push("has other stored bytes than were written");
        }
        content.finish(file, &mut checked);
        Ok(checked)
    }
}

fn unpack_member(
    inflater: &mut Inflater,
    stored: &mut impl Read,
    file: &ManifestFile,
    content: &mut Content<'_>,
) -> io::Result<bool> {
    let frame_bytes = gzip::HEADER.len() as u64 + gzip::TRAILER_BYTES;
    let Some(stream_bytes) = file.compressed_bytes.checked_sub(frame_bytes) else {
        return Ok(false);
    };
    let header_same = read_same(stored, &gzip::HEADER)?;
    let inflated = inflater.inflate(&mut stored.by_ref().take(stream_bytes), |bytes| content.take(bytes))?;
    Ok(header_same && inflated && read_same(stored, &gzip::trailer(file.crc32, file.bytes))?)
}

/// Reads as many bytes as `expected` has, or to the end, and compares.
fn read_same<const N: usize>(reader: &mut impl Read, expected: &[u8; N]) -> io::Result<bool> {
    let mut found = Vec::with_capacity(N);
    reader.by_ref().take(N as u64).read_to_end(&mut found)?;
    Ok(found == expected)
}

/// The stored bytes, hashed as they are read.
struct Stored<R> {
    reader: io::Take<R>,
    hasher: blake3::Hasher,
}

impl<R: Read> Read for Stored<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reader.read(into)?;
        self.hasher.update(&into[..bytes]);
        Ok(bytes)
    }
}

/// The unpacked bytes.
struct Content<'a> {
    bytes_left: u64,
    header_left: &'a [u8],
    header_same: bool,
    plain: PlainHasher,
    records: Records,
}

impl<'a> Content<'a> {
    fn new(file: &ManifestFile, header: &'a [u8], columns: usize) -> Self {
        Self {
            bytes_left: file.bytes,
            header_left: header,
            header_same: true,
            plain: PlainHasher::new(file.sha256.is_some()),
            records: Records::new(columns),
        }
    }

    /// `false` once there are more bytes than the manifest tells.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let Some(bytes_left) = self.bytes_left.checked_sub(bytes.len() as u64) else {
            return false;
        };
        self.bytes_left = bytes_left;
        self.plain.update(bytes);
        let (header, rest) = bytes.split_at(bytes.len().min(self.header_left.len()));
        self.header_same &= self.header_left.starts_with(header);
        self.header_left = &self.header_left[header.len()..];
        self.records.update(rest);
        true
    }

    fn take_all(&mut self, reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
        loop {
            match reader.read(buffer)? {
                0 => return Ok(true),
                read if self.take(&buffer[..read]) => {}
                _ => return Ok(false),
            }
        }
    }

    fn finish(self, file: &ManifestFile, checked: &mut Checked) {
        let plain = self.plain.finish();
        if plain.bytes != file.bytes {
            checked.problems.push("has not as many bytes as the manifest tells");
        }
        if (plain.crc32, plain.blake3, plain.sha256) != (file.crc32, file.blake3, file.sha256) {
            checked.problems.push("has another content than the manifest tells");
        }
        if !self.header_same || !self.header_left.is_empty() {
            checked.problems.push("has not the header line of its columns");
        }
        match self.records.finish() {
            Some(rows) => {
                checked.rows = rows;
                if rows != file.rows {
                    checked.problems.push("has not as many rows as the manifest tells");
                }
            }
            None => checked.problems.push("is not a csv of the manifest's columns"),
        }
    }
}
