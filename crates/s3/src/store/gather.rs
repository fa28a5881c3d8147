//! Which parts an object is assembled from: a pure plan by S3's rules.
//!
//! A range can be copied only as a part of at least 5 MiB and at most 5 GiB; only the last part may be smaller. Smaller
//! pieces are gathered with their neighbours into a part that is read and sent, borrowing from the beginning of the next large
//! one what is missing to 5 MiB. So each large piece costs at most 5 MiB of reading.

use std::ops::Range;

use thiserror::Error;

use crate::writer::MOST_PARTS;

/// Where the bytes of a piece are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In a stored object, so many.
    Stored(u64),
    /// In memory, so many.
    Memory(u64),
}

/// A range of one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The piece's position.
    pub(super) piece: usize,
    /// Which of its bytes.
    pub(super) range: Range<u64>,
}

/// One part of the upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Copied by the server from a stored object.
    Copy(Slice),
    /// Read, and sent as one.
    Join(Vec<Slice>),
}

/// What a server takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Fewest bytes of a part that is not the last.
    pub(super) least: u64,
    /// Bytes at which a gathered part is large enough.
    pub(super) join: u64,
    /// Most bytes copied as one part; at least twice `least`.
    pub(super) copy: u64,
}

impl Rules {
    /// Copies of half a GiB: several are under way at once, and a lost one costs little.
    pub(super) const QUICK: Self = Self { least: 5 << 20, join: 8 << 20, copy: 512 << 20 };
    /// As few parts as can be.
    pub(super) const FEW: Self = Self { copy: 5 << 30, ..Self::QUICK };
}

/// More parts than one upload can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{parts} parts, where one upload takes 10,000")]
pub(super) struct TooManyParts {
    /// How many there would be.
    parts: usize,
}

/// The plan for these pieces: quick if the number of parts allows it.
pub(super) fn plan(pieces: &[Source]) -> Result<Vec<Part>, TooManyParts> {
    let most = MOST_PARTS as usize;
    let quick = gather(pieces, Rules::QUICK);
    let parts = if quick.len() <= most { quick } else { gather(pieces, Rules::FEW) };
    if parts.len() <= most { Ok(parts) } else { Err(TooManyParts { parts: parts.len() }) }
}

/// Parts whose bytes are those of the pieces, in order. At most one for each piece, and one more for each time that a
/// piece is longer than a copy may be.
fn gather(pieces: &[Source], rules: Rules) -> Vec<Part> {
    let mut gatherer = Gatherer { rules, parts: Vec::new(), slices: Vec::new(), gathered: 0 };
    for (piece, source) in pieces.iter().enumerate() {
        match *source {
            Source::Stored(bytes) => gatherer.stored(piece, bytes),
            Source::Memory(bytes) => gatherer.add(piece, 0..bytes),
        }
    }
    gatherer.flush();
    gatherer.parts
}

struct Gatherer {
    rules: Rules,
    parts: Vec<Part>,
    /// The part that is being gathered, and its bytes.
    slices: Vec<Slice>,
    gathered: u64,
}

impl Gatherer {
    fn stored(&mut self, piece: usize, bytes: u64) {
        let borrowed = if self.slices.is_empty() { 0 } else { self.rules.least.saturating_sub(self.gathered) };
        if bytes < borrowed + self.rules.least {
            return self.add(piece, 0..bytes);
        }
        self.add(piece, 0..borrowed);
        self.flush();
        let (rest, copies) = (bytes - borrowed, (bytes - borrowed).div_ceil(self.rules.copy));
        let at = |copy: u64| borrowed + (u128::from(rest) * u128::from(copy) / u128::from(copies)) as u64;
        let copies = (0..copies).map(|copy| Part::Copy(Slice { piece, range: at(copy)..at(copy + 1) }));
        self.parts.extend(copies);
    }

    fn add(&mut self, piece: usize, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        self.gathered += range.end - range.start;
        self.slices.push(Slice { piece, range });
        if self.gathered >= self.rules.join {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.slices.is_empty() {
            self.parts.push(Part::Join(std::mem::take(&mut self.slices)));
            self.gathered = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    impl Slice {
        fn bytes(&self) -> u64 {
            self.range.end - self.range.start
        }
    }

    fn slices(part: &Part) -> &[Slice] {
        match part {
            Part::Copy(slice) => std::slice::from_ref(slice),
            Part::Join(slices) => slices,
        }
    }

    fn bytes(part: &Part) -> u64 {
        slices(part).iter().map(Slice::bytes).sum()
    }

    /// What holds of every plan; returns it in short: copies and joins by their bytes.
    fn check(pieces: &[Source], rules: Rules) -> Vec<(char, u64)> {
        let parts = gather(pieces, rules);
        let mut expected = pieces.iter().enumerate().map(|(piece, source)| {
            let (Source::Stored(bytes) | Source::Memory(bytes)) = *source;
            Slice { piece, range: 0..bytes }
        });
        // Put together again, the slices are the pieces.
        let mut whole: Vec<Slice> = Vec::new();
        for slice in parts.iter().flat_map(slices) {
            assert!(!slice.range.is_empty());
            match whole.last_mut().filter(|last| last.piece == slice.piece) {
                Some(last) => {
                    assert_eq!(last.range.end, slice.range.start);
                    last.range.end = slice.range.end;
                }
                None => whole.push(slice.clone()),
            }
        }
        assert!(whole.iter().eq(expected.by_ref().filter(|slice| !slice.range.is_empty()).collect::<Vec<_>>().iter()));
        let not_last = parts.len().saturating_sub(1);
        assert!(parts[..not_last].iter().all(|part| bytes(part) >= rules.least), "{parts:?}");
        let mut read = 0;
        for part in &parts {
            match part {
                Part::Copy(slice) => {
                    assert!(matches!(pieces[slice.piece], Source::Stored(_)));
                    assert!((rules.least..=rules.copy).contains(&slice.bytes()), "{slice:?}");
                }
                // From memory it may be more.
                Part::Join(slices) => {
                    let stored = slices.iter().filter(|slice| matches!(pieces[slice.piece], Source::Stored(_)));
                    let stored: u64 = stored.map(Slice::bytes).sum();
                    assert!(stored < rules.join + 2 * rules.least);
                    read += stored;
                }
            }
        }
        let of = |piece: &Source| match *piece {
            Source::Stored(bytes) => (bytes.div_ceil(rules.copy).max(1), bytes.min(2 * rules.least)),
            Source::Memory(_) => (1, 0),
        };
        assert!(parts.len() as u64 <= pieces.iter().map(|piece| of(piece).0).sum());
        assert!(read <= pieces.iter().map(|piece| of(piece).1).sum());
        parts.iter().map(|part| (if matches!(part, Part::Copy(_)) { 'c' } else { 'j' }, bytes(part))).collect()
    }

    fn piece() -> impl Strategy<Value = Source> {
        let near = |at: u64| at.saturating_sub(2)..at + 3;
        let bytes = prop_oneof![
            0..3_u64,
            0..20 * MIB,
            near(5 * MIB),
            near(8 * MIB),
            near(10 * MIB),
            near(512 * MIB),
            near(5 * GIB),
            0..20 * GIB,
        ];
        prop_oneof![
            4 => bytes.prop_map(Source::Stored),
            1 => (0..40 * MIB).prop_map(Source::Memory),
        ]
    }

    proptest! {
        #[test]
        fn every_plan_keeps_the_rules(pieces in prop::collection::vec(piece(), 0..40)) {
            check(&pieces, Rules::QUICK);
            check(&pieces, Rules::FEW);
        }
    }

    #[test]
    fn small_pieces_are_gathered_and_borrow() {
        use Source::{Memory, Stored};
        let quick = |pieces: &[Source]| check(pieces, Rules::QUICK);
        assert_eq!(quick(&[]), []);
        assert_eq!(quick(&[Stored(0), Memory(0)]), []);
        assert_eq!(quick(&[Stored(5 * MIB)]), [('c', 5 * MIB)]);
        assert_eq!(quick(&[Stored(5 * MIB - 1)]), [('j', 5 * MIB - 1)]);
        // Borrowed: what is left of the large one must be large still.
        assert_eq!(quick(&[Memory(10), Stored(10 * MIB)]), [('j', 5 * MIB), ('c', 5 * MIB + 10)]);
        assert_eq!(quick(&[Memory(10), Stored(10 * MIB - 11)]), [('j', 10 * MIB - 1)]);
        // Nothing to borrow where enough was gathered.
        assert_eq!(quick(&[Stored(3 * MIB), Stored(3 * MIB), Stored(6 * MIB)]), [('j', 6 * MIB), ('c', 6 * MIB)]);
        // The last may be small.
        assert_eq!(quick(&[Stored(6 * MIB), Memory(1)]), [('c', 6 * MIB), ('j', 1)]);
        assert_eq!(quick(&[Memory(30 * MIB), Memory(1)]), [('j', 30 * MIB), ('j', 1)]);
        assert_eq!(quick(&[Stored(MIB); 20]), [('j', 8 * MIB), ('j', 8 * MIB), ('j', 4 * MIB)]);
    }

    #[test]
    fn large_pieces_are_copied_in_several_parts() {
        let copies = check(&[Source::Stored(512 * MIB + 1)], Rules::QUICK);
        assert_eq!(copies, [('c', 256 * MIB), ('c', 256 * MIB + 1)]);
        assert_eq!(check(&[Source::Stored(5 * GIB)], Rules::FEW), [('c', 5 * GIB)]);
        assert_eq!(check(&[Source::Stored(5 * GIB + 1)], Rules::FEW).len(), 2);
    }

    #[test]
    fn ten_thousand_parts_and_no_more() {
        let parts = |pieces: &[Source]| plan(pieces).map(|parts| parts.len());
        let large = |count: usize| vec![Source::Stored(6 * MIB); count];
        assert_eq!(parts(&large(10_000)), Ok(10_000));
        assert_eq!(parts(&large(10_001)), Err(TooManyParts { parts: 10_001 }));
        // Quick would be 20 x 1,000, so it is as few as can be.
        assert_eq!(parts(&vec![Source::Stored(10 * GIB); 1_000]), Ok(2_000));
        assert_eq!(parts(&vec![Source::Stored(1_000); 1_000_000]), Ok(120));
    }
}
