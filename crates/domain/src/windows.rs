//! Cutting a range into slices by rule, never by how files happen to lie.

use std::collections::BTreeMap;

use crate::calendar::{DateRange, Span};
use crate::time::Day;

/// Greatest exponent of a day's windows: at most 2^10 windows a day.
pub const WINDOW_EXPONENT_LIMIT: u32 = 10;

/// One slice of a range: the unit of work and of reuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The instants of the slice.
    pub span: Span,
    /// First local day.
    pub first_day: Day,
    /// Last local day.
    pub last_day: Day,
    /// Where a day is cut further: which window of it (from 1).
    pub window: Option<u32>,
}

impl Slice {
    /// The stem of the file that holds `day`: `2021-01-31`, or `2021-01-31.0002` for a window.
    pub fn stem(&self, day: Day) -> String {
        match self.window {
            None => day.to_string(),
            Some(number) => format!("{day}.{number:04}"),
        }
    }

    /// The stem of the whole slice as one piece: `2021-01-01_2021-01-31` for several days, else as [`Self::stem`].
    pub fn piece_stem(&self) -> String {
        if self.first_day == self.last_day {
            return self.stem(self.first_day);
        }
        format!("{}_{}", self.first_day, self.last_day)
    }
}

/// Cuts a range. `rows` are the rows of each UTC day in the pinned snapshot, days without rows left out.
///
/// A calendar month of the zone (within the range) whose UTC days hold at most `target` rows is one slice, else each
/// of its days is, else a day is cut into 2^k windows of equal length, with the smallest k that brings the rows per
/// window down to the target. Slices none of whose UTC days holds a row are left out.
pub fn cut(range: &DateRange, rows: &BTreeMap<Day, u64>, target: u64) -> Vec<Slice> {
    let mut slices = Vec::new();
    let mut day = range.from();
    while let Some(month_first) = next_busy_day(range, rows, day) {
        let month_last = month_first.month_end().min(range.to());
        let first = month_first.month_start().max(range.from());
        if rows_within(rows, range.span_of(first, month_last)) <= target {
            push(&mut slices, rows, range, (first, month_last));
        } else {
            (first.0..=month_last.0).for_each(|day| cut_day(&mut slices, rows, range, Day(day), target));
        }
        day = month_last.next();
    }
    slices
}

/// The rows of all UTC days a span touches.
pub fn rows_within(rows: &BTreeMap<Day, u64>, span: Span) -> u64 {
    span.utc_days().map_or(0, |(first, last)| rows.range(first..=last).map(|(_, rows)| rows).sum())
}

/// The first local day from `day` on that can hold a row, or `None` after the last.
fn next_busy_day(range: &DateRange, rows: &BTreeMap<Day, u64>, day: Day) -> Option<Day> {
    if day > range.to() {
        return None;
    }
    let (utc_day, _) = rows.range(range.zone().day_start(day).utc_day()..).next()?;
    // No zone is a whole day away from UTC by more than its date line: one day of slack on either side.
    let local = Day(utc_day.0 - 1).max(day);
    (local <= range.to()).then_some(local)
}

fn cut_day(slices: &mut Vec<Slice>, rows: &BTreeMap<Day, u64>, range: &DateRange, day: Day, target: u64) {
    let span = range.span_of(day, day);
    let day_rows = rows_within(rows, span);
    let exponent = (0..WINDOW_EXPONENT_LIMIT).find(|k| day_rows.div_ceil(1 << k) <= target);
    match exponent.unwrap_or(WINDOW_EXPONENT_LIMIT) {
        0 => push(slices, rows, range, (day, day)),
        exponent => {
            let windows = windows_of(span, exponent).zip(1..);
            let busy = windows.filter(|(span, _)| rows_within(rows, *span) > 0);
            slices.extend(busy.map(|(span, n)| Slice { span, first_day: day, last_day: day, window: Some(n) }));
        }
    }
}

fn windows_of(span: Span, exponent: u32) -> impl Iterator<Item = Span> {
    let length = i128::from(span.end.0 - span.start.0);
    let edge = move |i: i64| span.start.plus(((length * i128::from(i)) >> exponent) as i64);
    (0..1_i64 << exponent).map(move |i| Span { start: edge(i), end: edge(i + 1) })
}

fn push(slices: &mut Vec<Slice>, rows: &BTreeMap<Day, u64>, range: &DateRange, (first, last): (Day, Day)) {
    let span = range.span_of(first, last);
    if rows_within(rows, span) > 0 {
        slices.push(Slice { span, first_day: first, last_day: last, window: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Micros;
    use proptest::prelude::*;

    fn range(from: &str, to: &str, zone: &str) -> DateRange {
        DateRange::new(from.parse().unwrap(), to.parse().unwrap(), zone.parse().unwrap()).unwrap()
    }

    fn rows(days: &[(&str, u64)]) -> BTreeMap<Day, u64> {
        days.iter().map(|(day, rows)| (day.parse().unwrap(), *rows)).collect()
    }

    fn check(range: &DateRange, rows: &BTreeMap<Day, u64>, expected: &[&str]) {
        let stems: Vec<_> = cut(range, rows, 100).iter().map(Slice::piece_stem).collect();
        assert_eq!(stems, expected);
    }

    #[test]
    fn months_days_and_windows() {
        let quarter = range("2021-01-01", "2021-03-31", "UTC");
        check(
            &quarter,
            &rows(&[("2021-01-05", 60), ("2021-01-06", 40), ("2021-03-31", 1)]),
            &["2021-01-01_2021-01-31", "2021-03-01_2021-03-31"],
        );
        check(
            &quarter,
            &rows(&[("2021-01-05", 60), ("2021-01-06", 41), ("2021-03-31", 201)]),
            &["2021-01-05", "2021-01-06", "2021-03-31.0001", "2021-03-31.0002", "2021-03-31.0003", "2021-03-31.0004"],
        );
        check(&quarter, &rows(&[("2020-12-31", 9), ("2021-04-01", 9)]), &[]);
        check(&range("2021-01-15", "2021-01-15", "UTC"), &rows(&[("2021-01-15", 1)]), &["2021-01-15"]);
    }

    #[test]
    fn a_zone_moves_the_edges() {
        let berlin = range("2024-03-31", "2024-03-31", "Europe/Berlin");
        let slices = cut(&berlin, &rows(&[("2024-03-30", 1), ("2024-03-31", 1)]), 100);
        assert_eq!(slices[0].span, berlin.span());
        let apia = range("2011-12-30", "2011-12-30", "Pacific/Apia");
        assert_eq!(cut(&apia, &rows(&[("2011-12-30", 1)]), 100), []);
    }

    #[test]
    fn all_years_are_cut_quickly() {
        let all = range("0001-01-01", "9999-12-31", "Asia/Kolkata");
        let slices = cut(&all, &rows(&[("0001-01-01", 1), ("9999-12-31", 101)]), 100);
        let stems: Vec<_> = slices.iter().map(Slice::piece_stem).collect();
        assert_eq!(stems, ["0001-01-01_0001-01-31", "9999-12-31.0001", "9999-12-31.0002"]);
    }

    proptest! {
        #[test]
        fn slices_follow_each_other_and_hold_every_row(
            days in prop::collection::btree_map(19_000..19_100_i32, 1..400_u64, 0..40),
            first in 18_990..19_110_i32, length in 0..60_i32, zone in 0usize..4, micros in any::<prop::sample::Index>(),
        ) {
            let zone = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"][zone].parse().unwrap();
            let range = DateRange::new(Day(first), Day(first + length), zone).unwrap();
            let rows: BTreeMap<Day, u64> = days.into_iter().map(|(day, rows)| (Day(day), rows)).collect();
            let slices = cut(&range, &rows, 100);
            for pair in slices.windows(2) {
                prop_assert!(pair[0].span.end <= pair[1].span.start);
            }
            for day in rows.keys() {
                let instant = Micros(day.utc_start().0 + micros.index(crate::time::DAY as usize) as i64);
                let holders = slices.iter().filter(|slice| slice.span.contains(instant)).count();
                prop_assert_eq!(holders, usize::from(range.span().contains(instant)));
            }
            for slice in &slices {
                prop_assert!(!slice.span.is_empty());
                let alone = slice.first_day == slice.last_day;
                prop_assert!(alone || rows_within(&rows, slice.span) <= 100);
            }
        }
    }
}
