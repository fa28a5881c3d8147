//! Which rows of a file to decode and how many at a time, from its page index alone.

use std::ops::Range;

use domain::time::Micros;

use crate::rows::{BatchLimits, ROW_OVERHEAD_BYTES};

/// What the page index says of one row group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupPages {
    /// Rows of the group.
    pub rows: usize,
    /// Pages of `sent_at`.
    pub times: Vec<TimePage>,
    /// Pages of each string column.
    pub strings: Vec<Vec<StringPage>>,
}

impl GroupPages {
    /// The largest page of each string column, together.
    pub fn largest_pages_bytes(&self) -> usize {
        self.strings.iter().map(|column| column.iter().map(|page| page.bytes).max().unwrap_or(0)).sum()
    }

    /// All of it once decoded: strings, times, offsets and validity.
    pub fn decoded_bytes(&self) -> usize {
        let strings: usize = self.strings.iter().flatten().map(|page| page.bytes).sum();
        strings + self.rows * ROW_OVERHEAD_BYTES
    }

    /// The strings of a row where they are largest on average.
    pub fn largest_row_bytes(&self) -> usize {
        let starts = self.strings.iter().flatten().map(|page| page.start);
        starts.map(|row| bytes_per_row(self, row)).max().unwrap_or(0)
    }
}

/// A page of `sent_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimePage {
    /// Its first row, counted in the group.
    pub start: usize,
    /// The least instant in it.
    pub first: Micros,
    /// The greatest instant in it.
    pub last: Micros,
}

/// A page of a string column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StringPage {
    /// Its first row, counted in the group.
    pub start: usize,
    /// Bytes of its strings once decoded.
    pub bytes: usize,
}

/// Rows to decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The row group.
    pub group: usize,
    /// Rows of it.
    pub rows: Range<usize>,
    /// Rows of a batch.
    pub batch_rows: usize,
}

/// What to decode of a file, and what need not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// In the order of the rows.
    pub spans: Vec<Span>,
    /// Rows of pages before the window.
    pub before: u64,
    /// Rows of pages after the window.
    pub after: u64,
}

/// Stretches may share a span while the numbers of rows that fit their batches differ by no more than this.
const EVEN: usize = 4;

/// Selects the pages that may hold rows of `start..end`. The rows of the file must be sorted.
pub(crate) fn select(groups: &[GroupPages], start: Micros, end: Micros, limits: BatchLimits) -> Selection {
    let mut selection = Selection::default();
    for (group, pages) in groups.iter().enumerate() {
        let page_start = |page: usize| pages.times.get(page).map_or(pages.rows, |page| page.start);
        let first = page_start(pages.times.partition_point(|page| page.last < start));
        let last = page_start(pages.times.partition_point(|page| page.first < end)).max(first);
        selection.before += first as u64;
        selection.after += (pages.rows - last) as u64;
        if first < last {
            selection.spans.extend(spans(pages, group, first..last, limits));
        }
    }
    selection
}

/// Cuts rows where much larger ones begin or end, so that those alone are decoded a few at a time.
fn spans(pages: &GroupPages, group: usize, rows: Range<usize>, limits: BatchLimits) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut widest = 0;
    for stretch in stretches(pages, rows) {
        let fit = (limits.bytes / bytes_per_row(pages, stretch.start).max(1)).clamp(1, limits.rows);
        match spans.last_mut() {
            Some(span) if widest.max(fit) <= EVEN * span.batch_rows.min(fit) => {
                span.rows.end = stretch.end;
                span.batch_rows = span.batch_rows.min(fit);
                widest = widest.max(fit);
            }
            _ => {
                spans.push(Span { group, rows: stretch, batch_rows: fit });
                widest = fit;
            }
        }
    }
    spans
}

/// The rows cut at the start of every string page.
fn stretches(pages: &GroupPages, rows: Range<usize>) -> Vec<Range<usize>> {
    let starts = pages.strings.iter().flatten().map(|page| page.start);
    let mut cuts: Vec<usize> = starts.filter(|start| *start > rows.start && *start < rows.end).collect();
    cuts.extend([rows.start, rows.end]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// The mean size of a row around `row`, by the page of each column it lies in.
fn bytes_per_row(pages: &GroupPages, row: usize) -> usize {
    let density = |column: &Vec<StringPage>| {
        let after = column.partition_point(|page| page.start <= row);
        let Some(page) = after.checked_sub(1).and_then(|at| column.get(at)) else { return 0 };
        let end = column.get(after).map_or(pages.rows, |next| next.start);
        page.bytes.div_ceil((end - page.start).max(1))
    };
    pages.strings.iter().map(density).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BatchLimits = BatchLimits { rows: 100, bytes: 1000 };

    fn group(rows: usize, times: &[(usize, i64, i64)], strings: &[(usize, usize)]) -> GroupPages {
        let times =
            times.iter().map(|&(start, first, last)| TimePage { start, first: Micros(first), last: Micros(last) });
        let strings = strings.iter().map(|&(start, bytes)| StringPage { start, bytes }).collect();
        GroupPages { rows, times: times.collect(), strings: vec![strings] }
    }

    fn check(
        groups: &[GroupPages],
        window: (i64, i64),
        expected: &[(usize, Range<usize>, usize)],
        outside: (u64, u64),
    ) {
        let found = select(groups, Micros(window.0), Micros(window.1), LIMITS);
        let spans: Vec<_> = found.spans.into_iter().map(|span| (span.group, span.rows, span.batch_rows)).collect();
        assert_eq!(spans, expected, "{window:?}");
        assert_eq!((found.before, found.after), outside, "{window:?}");
    }

    #[test]
    fn pages_outside_the_window_are_only_counted() {
        let groups =
            [group(30, &[(0, 0, 9), (10, 9, 20), (20, 20, 29)], &[(0, 300)]), group(10, &[(0, 29, 40)], &[(0, 100)])];
        check(&groups, (0, 100), &[(0, 0..30, 100), (1, 0..10, 100)], (0, 0));
        check(&groups, (9, 20), &[(0, 0..20, 100)], (0, 20));
        check(&groups, (10, 21), &[(0, 10..30, 100)], (10, 10));
        check(&groups, (30, 31), &[(1, 0..10, 100)], (30, 0));
        check(&groups, (50, 60), &[], (40, 0));
        check(&groups, (-5, 0), &[], (0, 40));
        check(&groups, (5, 5), &[(0, 0..10, 100)], (0, 30));
    }

    #[test]
    fn sizes_are_those_of_the_pages() {
        let mut pages = group(200, &[(0, 0, 9)], &[(0, 400), (100, 90_000), (101, 500)]);
        pages.strings.push(vec![StringPage { start: 0, bytes: 1_000 }]);
        assert_eq!((pages.largest_pages_bytes(), pages.largest_row_bytes()), (91_000, 90_005));
        assert_eq!((GroupPages::default().largest_pages_bytes(), GroupPages::default().largest_row_bytes()), (0, 0));
    }

    #[test]
    fn large_rows_get_batches_of_their_own() {
        let pages = [(0, 400), (40, 400), (80, 90_000), (81, 500), (100, 2_000)];
        let groups = [group(200, &[(0, 0, 9)], &pages)];
        check(&groups, (0, 9), &[(0, 0..80, 100), (0, 80..81, 1), (0, 81..200, 37)], (0, 0));
    }
}
