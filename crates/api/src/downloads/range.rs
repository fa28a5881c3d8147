//! Byte ranges of a request (RFC 9110 section 14): which bytes are wanted, and when a header is passed over.

use std::ops::Range;

/// Most ranges of one request.
pub const RANGES_LIMIT: usize = 16;

/// What a `Range` header asks of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: there is no header, or one that is to be ignored.
    Whole,
    /// These ranges in the order in which they were asked, none of them empty.
    Ranges(Vec<Range<u64>>),
    /// Nothing that is there, more ranges than the limit, or ranges over one another.
    Unsatisfiable,
}

/// Reads the header's value for a representation of `length` bytes.
///
/// What does not follow the grammar, or is of another unit, is ignored (sections 14.1.1 and 14.2). Ranges that begin
/// behind the end are left out while another one is satisfiable.
pub fn wanted(header: &str, length: u64) -> Wanted {
    let Some((unit, set)) = header.split_once('=') else { return Wanted::Whole };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let mut ranges = Vec::new();
    let mut asked = 0_usize;
    for spec in set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty()) {
        let Some(spec) = Spec::parse(spec) else { return Wanted::Whole };
        asked += 1;
        ranges.extend(spec.of(length).filter(|_| asked <= RANGES_LIMIT));
    }
    match asked {
        0 => Wanted::Whole,
        1..=RANGES_LIMIT if !ranges.is_empty() && !overlap(&ranges) => Wanted::Ranges(ranges),
        _ => Wanted::Unsatisfiable,
    }
}

enum Spec {
    /// `first-last`, `first-`.
    From(u64, Option<u64>),
    /// `-suffix`.
    Last(u64),
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        match (first, last) {
            ("", suffix) => Some(Self::Last(number(suffix)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    fn of(&self, length: u64) -> Option<Range<u64>> {
        let range = match *self {
            Self::From(first, last) => first..last.map_or(length, |last| last.saturating_add(1).min(length)),
            Self::Last(suffix) => length.saturating_sub(suffix)..length,
        };
        (range.start < range.end).then_some(range)
    }
}

/// Digits alone; a number that no file reaches counts as the greatest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn overlap(ranges: &[Range<u64>]) -> bool {
    let mut sorted: Vec<&Range<u64>> = ranges.iter().collect();
    sorted.sort_by_key(|range| range.start);
    sorted.windows(2).any(|pair| pair[1].start < pair[0].end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, length: u64, expected: Wanted) {
        assert_eq!(wanted(header, length), expected, "{header} of {length}");
    }

    fn ranges(expected: &[(u64, u64)]) -> Wanted {
        Wanted::Ranges(expected.iter().map(|(start, end)| *start..*end).collect())
    }

    #[test]
    fn ranges_are_those_of_the_rfc() {
        check("bytes=0-499", 10_000, ranges(&[(0, 500)]));
        check("bytes=500-999", 10_000, ranges(&[(500, 1_000)]));
        check("bytes=-500", 10_000, ranges(&[(9_500, 10_000)]));
        check("bytes=9500-", 10_000, ranges(&[(9_500, 10_000)]));
        check("Bytes=0-0,-1", 10_000, ranges(&[(0, 1), (9_999, 10_000)]));
        check("bytes= 0-999, 4500-5499, ,-1000", 10_000, ranges(&[(0, 1_000), (4_500, 5_500), (9_000, 10_000)]));
        check("bytes=5-9,0-4", 10, ranges(&[(5, 10), (0, 5)]));
        check("bytes=0-99999999999999999999999", 10, ranges(&[(0, 10)]));
        check("bytes=-99999", 10, ranges(&[(0, 10)]));
        check("bytes=0-1,10-", 10, ranges(&[(0, 2)]));
    }

    #[test]
    fn what_is_no_range_is_passed_over() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=a-b",
            "bytes=1",
            "bytes=-",
            "bytes=2-1",
            "rows=0-1",
            "bytes=+1-2",
            "bytes=0-1,x",
            "bytes=1 -2",
            "bytes=0x1-2",
            "bytes=٠-١",
        ] {
            check(header, 10, Wanted::Whole);
        }
    }

    #[test]
    fn what_cannot_be_given_is_refused() {
        for header in ["bytes=10-", "bytes=10-11,12-", "bytes=-0", "bytes=0-5,5-6", "bytes=-3,0-7"] {
            check(header, 10, Wanted::Unsatisfiable);
        }
        check("bytes=0-", 0, Wanted::Unsatisfiable);
        let many = |count: u64| {
            let specs: Vec<_> = (0..count).map(|n| format!("{n}-{n}")).collect();
            format!("bytes={}", specs.join(","))
        };
        check(&many(17), 100, Wanted::Unsatisfiable);
        assert!(matches!(wanted(&many(16), 100), Wanted::Ranges(ranges) if ranges.len() == 16));
    }
}
