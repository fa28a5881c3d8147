//! Several ranges in one answer: `multipart/byteranges` (RFC 9110 section 14.6, RFC 2046 section 5.1).

use std::ops::Range;

use bytes::Bytes;
use domain::random::Random;

use super::body::Piece;
use crate::exports::view::hex;

/// A line that does not come in the data but by a chance of 1 in 2^128.
pub fn boundary(random: &dyn Random) -> String {
    let mut bits = [0; 16];
    random.fill(&mut bits);
    hex(&bits)
}

/// The pieces of a body that holds these ranges of a file of `length` bytes.
pub fn pieces(ranges: &[Range<u64>], length: u64, content_type: &str, boundary: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(ranges.len() * 2 + 1);
    for (range, number) in ranges.iter().zip(0..) {
        let before = if number == 0 { "" } else { "\r\n" };
        let content_range = content_range(range, length);
        let head =
            format!("{before}--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {content_range}\r\n\r\n");
        pieces.push(Piece::Text(Bytes::from(head)));
        pieces.push(Piece::Range(range.clone()));
    }
    pieces.push(Piece::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
    pieces
}

/// `bytes 0-499/1234`.
pub fn content_range(range: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_has_a_head_of_its_own() {
        let pieces = pieces(&[0..2, 8..10], 10, "text/csv", "B");
        let text: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => std::str::from_utf8(text).unwrap().to_owned(),
                Piece::Range(range) => format!("<{}..{}>", range.start, range.end),
            })
            .collect();
        let expected = "--B\r\nContent-Type: text/csv\r\nContent-Range: bytes 0-1/10\r\n\r\n<0..2>\
            \r\n--B\r\nContent-Type: text/csv\r\nContent-Range: bytes 8-9/10\r\n\r\n<8..10>\r\n--B--\r\n";
        assert_eq!(text, expected);
    }
}
