//! As much of HTTP/1.1 as a proxy needs that passes bytes on unchanged: where heads and bodies end (RFC 9112, sections 2 and 6).

use std::io::{self, BufRead, Error, Read, Write};

const HEAD_BYTES_LIMIT: usize = 64 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;

/// First line and headers as they came, with the empty line.
#[derive(Debug)]
pub struct Head {
    pub bytes: Vec<u8>,
    text: String,
}

impl Head {
    /// The next head, `None` where the connection has ended before it.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        loop {
            let length = from.by_ref().take(HEAD_BYTES_LIMIT as u64).read_until(b'\n', &mut bytes)?;
            match length {
                0 if bytes.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ if bytes.len() > HEAD_BYTES_LIMIT => return Err(Error::other("a head that is too long")),
                _ => {}
            }
            if bytes.ends_with(b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                return Ok(Some(Self { bytes, text }));
            }
        }
    }

    pub fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// A header's value; its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The status of an answer.
    pub fn status(&self) -> Option<u16> {
        self.first_line().split(' ').nth(1)?.parse().ok()
    }

    pub fn closes_connection(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
            || self.first_line().contains("HTTP/1.0")
    }

    /// How a request's body ends.
    pub fn body_of_request(&self) -> Body {
        self.told_body().unwrap_or(Body::Length(0))
    }

    /// How the body of the answer to a request of this method ends.
    pub fn body_of_answer(&self, method: &str) -> Body {
        match self.status() {
            _ if method == "HEAD" => Body::Length(0),
            Some(100..=199 | 204 | 304) => Body::Length(0),
            _ => self.told_body().unwrap_or(Body::ToEnd),
        }
    }

    fn told_body(&self) -> Option<Body> {
        let is_chunked = |value: &str| value.to_ascii_lowercase().contains("chunked");
        if self.header("transfer-encoding").is_some_and(is_chunked) {
            return Some(Body::Chunked);
        }
        self.header("content-length")?.parse().ok().map(Body::Length)
    }
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    ToEnd,
}

/// What is changed in a body while it passes.
#[derive(Debug, Default)]
pub struct Change {
    cut_at: Option<u64>,
    flip_bit: Option<u64>,
    passed: u64,
}

impl Change {
    /// Nothing passes from this byte on.
    pub fn cut_at(byte: u64) -> Self {
        Self { cut_at: Some(byte), ..Self::default() }
    }

    /// The bit that flips, counted from the body's first.
    pub fn flip(bit: u64) -> Self {
        Self { flip_bit: Some(bit), ..Self::default() }
    }

    /// Changes the next bytes of the body and says how many of them may pass.
    fn apply(&mut self, bytes: &mut [u8]) -> usize {
        let allowed = self.cut_at.map_or(u64::MAX, |end| end.saturating_sub(self.passed));
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX).min(bytes.len());
        let place = self.flip_bit.and_then(|bit| Some(((bit / 8).checked_sub(self.passed)?, bit % 8)));
        if let Some((byte, bit)) = place.and_then(|(at, bit)| Some((bytes.get_mut(usize::try_from(at).ok()?)?, bit))) {
            *byte ^= 1 << bit;
        }
        self.passed += bytes.len() as u64;
        allowed
    }
}

/// A body that was cut.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    Whole,
    Cut,
}

/// Passes a body on, changed as asked.
pub fn pass(body: Body, from: &mut impl BufRead, to: &mut impl Write, change: &mut Change) -> io::Result<Ended> {
    match body {
        Body::Length(length) => pass_bytes(length, from, to, change),
        Body::ToEnd => pass_bytes(u64::MAX, from, to, change).or_else(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(Ended::Whole),
            _ => Err(error),
        }),
        Body::Chunked => pass_chunks(from, to, change),
    }
}

fn pass_bytes(length: u64, from: &mut impl BufRead, to: &mut impl Write, change: &mut Change) -> io::Result<Ended> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut left = length;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = from.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let allowed = change.apply(&mut buffer[..read]);
        to.write_all(&buffer[..allowed])?;
        if allowed < read {
            return Ok(Ended::Cut);
        }
        left -= read as u64;
    }
    Ok(Ended::Whole)
}

/// Each chunk is a line with its length in hex, its bytes and a line end; the last has none, and trailers may follow it.
fn pass_chunks(from: &mut impl BufRead, to: &mut impl Write, change: &mut Change) -> io::Result<Ended> {
    loop {
        let line = pass_line(from, to)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16).map_err(Error::other)?;
        if length == 0 {
            while !pass_line(from, to)?.trim_end().is_empty() {}
            return Ok(Ended::Whole);
        }
        if pass_bytes(length, from, to, change)? == Ended::Cut {
            return Ok(Ended::Cut);
        }
        pass_line(from, to)?;
    }
}

fn pass_line(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<String> {
    let mut line = String::new();
    from.by_ref().take(HEAD_BYTES_LIMIT as u64).read_line(&mut line)?;
    if !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    to.write_all(line.as_bytes())?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: Body, from: &[u8], mut change: Change, expected: &[u8], ended: Ended) {
        let mut to = Vec::new();
        assert_eq!(pass(body, &mut &*from, &mut to, &mut change).unwrap(), ended);
        assert_eq!(String::from_utf8_lossy(&to), String::from_utf8_lossy(expected));
    }

    #[test]
    fn bodies_pass_to_their_end() {
        check(Body::Length(3), b"abcdef", Change::default(), b"abc", Ended::Whole);
        check(Body::ToEnd, b"abcdef", Change::default(), b"abcdef", Ended::Whole);
        let chunks = b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nX-Sum: 1\r\n\r\nrest";
        check(Body::Chunked, chunks, Change::default(), &chunks[..chunks.len() - 4], Ended::Whole);
        let mut to = Vec::new();
        assert!(pass(Body::Length(4), &mut b"abc".as_slice(), &mut to, &mut Change::default()).is_err());
    }

    #[test]
    fn bodies_are_cut_and_bits_flipped() {
        let cut = || Change::cut_at(4);
        check(Body::Length(6), b"abcdef", cut(), b"abcd", Ended::Cut);
        check(Body::Chunked, b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", cut(), b"3\r\nabc\r\n3\r\nd", Ended::Cut);
        let flipped = || Change::flip(3 * 8);
        check(Body::Length(6), b"abcdef", flipped(), b"abceef", Ended::Whole);
        let chunks = b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
        check(Body::Chunked, chunks, flipped(), b"3\r\nabc\r\n3\r\neef\r\n0\r\n\r\n", Ended::Whole);
    }

    #[test]
    fn heads_say_how_bodies_end() {
        let head = |text: &str| Head::read(&mut format!("{text}\r\n\r\n").as_bytes()).unwrap().unwrap();
        let answer = head("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: Close");
        assert_eq!((answer.status(), answer.closes_connection()), (Some(200), true));
        assert_eq!((answer.body_of_answer("GET"), answer.body_of_answer("HEAD")), (Body::Length(5), Body::Length(0)));
        assert_eq!(head("HTTP/1.1 204 No Content").body_of_answer("DELETE"), Body::Length(0));
        assert_eq!(head("HTTP/1.1 200 OK").body_of_answer("GET"), Body::ToEnd);
        assert_eq!(head("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked").body_of_request(), Body::Chunked);
        assert_eq!(head("GET / HTTP/1.1").body_of_request(), Body::Length(0));
        assert!(Head::read(&mut b"".as_slice()).unwrap().is_none());
        assert!(Head::read(&mut b"GET / HT".as_slice()).is_err());
    }
}
