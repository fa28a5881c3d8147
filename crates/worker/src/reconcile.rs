//! Rows are reconciled: what the segments saw of each UTC day adds up to what the snapshot holds of it.

use std::collections::BTreeMap;

use domain::calendar::Span;
use domain::time::Day;
use lake::read::DayCounters;
use thiserror::Error;

use parts::PartRecord;

/// The rows of a UTC day do not add up; the export must not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the rows of {day} (UTC) do not add up: {what}")]
pub struct Unreconciled {
    /// The day.
    pub day: Day,
    /// In what way.
    pub what: &'static str,
}

/// Takes the counters of all segments in order.
///
/// Each segment counts, of every UTC day it touches, the rows before, in and after its window, and the three are the
/// day's rows in the snapshot. Neighbouring windows must then meet: what lies before one is what lies before and in
/// the one ahead of it. So each row of the range was in exactly one window, and of a day wholly inside the range there
/// is none before the first or after the last.
#[derive(Debug)]
pub struct Reconciler {
    range: Span,
    rows: BTreeMap<Day, u64>,
    seen: BTreeMap<Day, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    before_first: u64,
    up_to_here: u64,
    after: u64,
}

impl Reconciler {
    /// Over a range, with the rows of each UTC day it touches in the pinned snapshot.
    pub fn new(range: Span, rows: BTreeMap<Day, u64>) -> Self {
        Self { range, rows, seen: BTreeMap::new() }
    }

    /// Takes the record of the next segment's part, which holds the rows that were counted as written.
    pub fn take_part(&mut self, record: &PartRecord) -> Result<(), Unreconciled> {
        let written: u64 = record.counters().map(|(_, counted)| counted.written).sum();
        let by_local_day: u64 = record.local_days.iter().map(|counted| counted.rows).sum();
        if written != record.rows() || by_local_day != record.rows() {
            let day = record.counters().next().map_or(self.range.start.utc_day(), |(day, _)| day);
            return Err(Unreconciled { day, what: "a part does not hold as many as were written" });
        }
        record.counters().try_for_each(|(day, counted)| self.take(day, counted))
    }

    /// Takes the next segment's counters of one day.
    pub fn take(&mut self, day: Day, counted: DayCounters) -> Result<(), Unreconciled> {
        let refuse = |what| Err(Unreconciled { day, what });
        let within = counted.refused_by_filter + counted.exact_repeats + counted.written;
        let scanned = counted.before + within + counted.after;
        if self.rows.get(&day) != Some(&scanned) {
            return refuse("a segment did not see as many as the snapshot holds");
        }
        let before_first = match self.seen.get(&day) {
            Some(ahead) if ahead.up_to_here != counted.before => return refuse("two windows do not meet"),
            Some(ahead) => ahead.before_first,
            None => counted.before,
        };
        self.seen.insert(day, Seen { before_first, up_to_here: counted.before + within, after: counted.after });
        Ok(())
    }

    /// After the last segment.
    pub fn finish(self) -> Result<(), Unreconciled> {
        for (day, rows) in self.rows.into_iter().filter(|(_, rows)| *rows > 0) {
            let refuse = |what| Err(Unreconciled { day, what });
            let Some(seen) = self.seen.get(&day) else {
                return refuse("no segment looked at it");
            };
            if seen.up_to_here + seen.after != rows {
                return refuse("rows are left over");
            }
            if self.range.start <= day.utc_start() && seen.before_first > 0 {
                return refuse("rows lie before its first window");
            }
            if day.next().utc_start() <= self.range.end && seen.after > 0 {
                return refuse("rows lie behind its last window");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(before: u64, written: u64, after: u64) -> DayCounters {
        DayCounters { before, after, refused_by_filter: 0, exact_repeats: 0, written }
    }

    fn check(windows: &[DayCounters], expected: Option<&'static str>) {
        let range = Span { start: Day(5).utc_start(), end: Day(6).utc_start() };
        let mut reconciler = Reconciler::new(range, BTreeMap::from([(Day(5), 10)]));
        let taken = windows.iter().try_for_each(|counted| reconciler.take(Day(5), *counted));
        assert_eq!(taken.and_then(|()| reconciler.finish()).err().map(|refused| refused.what), expected);
    }

    #[test]
    fn a_lost_or_doubled_row_is_noticed() {
        check(&[counted(0, 10, 0)], None);
        check(&[counted(0, 4, 6), counted(4, 0, 6), counted(4, 6, 0)], None);
        check(&[counted(0, 9, 0)], Some("a segment did not see as many as the snapshot holds"));
        check(&[counted(0, 4, 6), counted(3, 7, 0)], Some("two windows do not meet"));
        check(&[counted(1, 9, 0)], Some("rows lie before its first window"));
        check(&[counted(0, 9, 1)], Some("rows lie behind its last window"));
        check(&[], Some("no segment looked at it"));
    }

    #[test]
    fn an_edge_day_may_have_rows_outside() {
        let noon = domain::time::Micros(Day(5).utc_start().0 + 1);
        let range = Span { start: noon, end: Day(6).utc_start() };
        let mut reconciler = Reconciler::new(range, BTreeMap::from([(Day(5), 10)]));
        reconciler.take(Day(5), counted(7, 3, 0)).unwrap();
        assert_eq!(reconciler.finish(), Ok(()));
    }
}
