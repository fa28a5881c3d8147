//! What is known of the pieces, and comparing it with what was read of them.

use std::ops::Range;

use artifacts::Piece;
use crc64::Crc64;

/// The checksum of some bytes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// The piece's position.
    pub(super) piece: usize,
    /// Where in it they begin.
    pub(super) start: u64,
    /// Their checksum and number.
    pub(super) crc: Crc64,
}

/// The checksum that a piece must have as a whole.
pub(super) fn whole(piece: &Piece) -> Crc64 {
    match piece {
        Piece::Bytes(bytes) => Crc64::of(bytes),
        Piece::Copy { checks, .. } => checks.iter().fold(Crc64::EMPTY, |whole, check| whole.join(*check)),
    }
}

/// Cuts a range of a piece where one of its checks ends, so that each cut belongs to one check.
pub(super) fn cut(piece: &Piece, range: Range<u64>) -> Vec<Range<u64>> {
    let mut cuts = Vec::new();
    let (mut start, mut end) = (range.start, 0);
    let checks = if let Piece::Copy { checks, .. } = piece { checks.as_slice() } else { &[] };
    for check in checks {
        end += check.bytes;
        if end > start && end < range.end {
            cuts.push(start..end);
            start = end;
        }
    }
    cuts.push(start..range.end);
    cuts
}

/// The first piece that has a check whose bytes were all read and are others. `sums` are cut as [`cut`] cuts them; their order
/// does not matter.
pub(super) fn differing(pieces: &[Piece], sums: &mut [Sum]) -> Option<usize> {
    sums.sort_by_key(|sum| (sum.piece, sum.start));
    sums.chunk_by(|one, next| one.piece == next.piece).find_map(|sums| {
        let piece = sums.first()?.piece;
        differs(&pieces[piece], sums).then_some(piece)
    })
}

/// `sums` are those of one piece, in order.
fn differs(piece: &Piece, mut sums: &[Sum]) -> bool {
    let Piece::Copy { checks, .. } = piece else { return false };
    let mut start = 0;
    for check in checks {
        let end = start + check.bytes;
        let here = sums.iter().take_while(|sum| sum.start < end).count();
        let (mine, rest) = sums.split_at(here);
        let read = mine.iter().fold(Crc64::EMPTY, |read, sum| read.join(sum.crc));
        if read.bytes == check.bytes && read != *check {
            return true;
        }
        (sums, start) = (rest, end);
    }
    false
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges, some of which have one")]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"0123456789abcdefghij";

    fn piece() -> Piece {
        let from = artifacts::ObjectName::plan(
            &"org.acme".parse().unwrap(),
            "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        );
        let checks = vec![Crc64::of(&TEXT[..8]), Crc64::EMPTY, Crc64::of(&TEXT[8..10]), Crc64::of(&TEXT[10..])];
        Piece::Copy { from, offset: 3, checks }
    }

    #[test]
    fn a_range_is_cut_where_checks_end() {
        let check = |range: Range<u64>, expected: &[Range<u64>]| assert_eq!(cut(&piece(), range), expected);
        check(0..20, &[0..8, 8..10, 10..20]);
        check(0..8, &[0..8]);
        check(3..9, &[3..8, 8..9]);
        check(12..13, &[12..13]);
        check(8..20, &[8..10, 10..20]);
        assert_eq!(cut(&Piece::Bytes(TEXT.into()), 2..9), [2..9]);
        assert_eq!(whole(&piece()), Crc64::of(TEXT));
    }

    /// Whether a difference is seen in `text` of which these ranges were read.
    fn check(text: &[u8], read: &[Range<u64>], expected: Option<usize>) {
        let pieces = [Piece::Bytes(TEXT.into()), piece()];
        let sum = |range: Range<u64>| Sum {
            piece: 1,
            start: range.start,
            crc: Crc64::of(&text[range.start as usize..range.end as usize]),
        };
        let mut sums: Vec<_> = read.iter().flat_map(|range| cut(&pieces[1], range.clone())).map(sum).collect();
        sums.reverse();
        sums.push(Sum { piece: 0, start: 0, crc: Crc64::of(b"whatever") });
        assert_eq!(differing(&pieces, &mut sums), expected, "{read:?}");
    }

    #[test]
    fn a_changed_byte_is_seen_where_all_of_its_check_was_read() {
        let mut changed = TEXT.to_vec();
        changed[9] ^= 4;
        check(TEXT, &[0..20], None);
        check(&changed, &[0..20], Some(1));
        check(&changed, &[0..9, 9..20], Some(1));
        check(&changed, &[0..8, 10..20], None);
        // Half of a check says nothing.
        check(&changed, &[0..9, 10..20], None);
        check(&changed, &[8..10], Some(1));
    }
}
