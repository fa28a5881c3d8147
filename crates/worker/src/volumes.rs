//! Volumes: an export too large for one upload becomes several files, each complete in itself.

use std::ops::Range;

use domain::request::Shape;
use domain::time::Day;
use domain::windows::Slice;

use parts::PartRecord;

/// One volume: which parts it holds and which local days it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeCut {
    /// Positions of its parts.
    pub parts: Range<usize>,
    /// First day.
    pub from: Day,
    /// Last day; a day cut into windows may lie in two volumes.
    pub to: Day,
}

/// Most bytes that an object storage copies as one piece (5 GiB): a longer part is several.
const COPIED_BYTES: u64 = 5 << 30;

/// Cuts parts, in order, into volumes of at most so many bytes and pieces. A part is never cut.
pub fn volumes(slices: &[Slice], records: &[PartRecord], range: (Day, Day), shape: Shape) -> Vec<VolumeCut> {
    let sizes: Vec<u64> = records.iter().map(|record| record.part.data_bytes).collect();
    let cuts = cut(&sizes, shape.volume_limit_bytes, shape.volume_limit_pieces as usize);
    let first_day = |parts: &Range<usize>| slices.get(parts.start).map_or(range.0, |slice| slice.first_day);
    let count = cuts.len();
    (0..count)
        .map(|index| {
            let from = if index == 0 { range.0 } else { first_day(&cuts[index]) };
            let to = match cuts.get(index + 1) {
                None => range.1,
                Some(next) => Day(first_day(next).0 - 1).max(slices[next.start - 1].last_day),
            };
            VolumeCut { parts: cuts[index].clone(), from, to }
        })
        .collect()
}

fn cut(sizes: &[u64], limit_bytes: u64, limit_pieces: usize) -> Vec<Range<usize>> {
    // Two pieces are kept for what stands before and behind the parts: a header line, a directory.
    let most = limit_pieces.saturating_sub(2).max(1);
    let mut cuts = Vec::new();
    let (mut start, mut bytes, mut pieces) = (0, 0_u64, 0);
    for (index, size) in sizes.iter().enumerate() {
        let own = size.div_ceil(COPIED_BYTES).max(1) as usize;
        if index > start && (bytes + size > limit_bytes || pieces + own > most) {
            cuts.push(start..index);
            (start, bytes, pieces) = (index, 0, 0);
        }
        bytes += size;
        pieces += own;
    }
    cuts.push(start..sizes.len());
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each volume ends.
    fn check(sizes: &[u64], pieces: usize, expected: &[usize]) {
        let cuts = cut(sizes, 100, pieces);
        assert!(cuts.iter().zip(&cuts[1..]).all(|(one, next)| one.end == next.start) && cuts[0].start == 0);
        assert_eq!(cuts.iter().map(|cut| cut.end).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn parts_are_never_cut() {
        check(&[], 10, &[0]);
        check(&[50, 50], 10, &[2]);
        check(&[50, 51], 10, &[1, 2]);
        check(&[500, 1, 99, 1], 10, &[1, 3, 4]);
        check(&[1, 1, 1, 1, 1], 4, &[2, 4, 5]);
    }

    #[test]
    fn a_part_that_is_copied_in_pieces_counts_as_many() {
        let sizes = [COPIED_BYTES, COPIED_BYTES + 1, 1, 3 * COPIED_BYTES];
        let ends = |pieces| cut(&sizes, u64::MAX, pieces).iter().map(|cut| cut.end).collect::<Vec<_>>();
        assert_eq!(ends(9), [4]);
        assert_eq!(ends(8), [3, 4]);
        assert_eq!(ends(4), [1, 2, 3, 4]);
    }
}
