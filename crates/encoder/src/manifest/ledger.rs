//! Keeps files and days together: the rows of a day's files are the day's rows.

use crate::civil::Date;

use super::DayRows;

/// Days with rows, taken in order by files in order.
pub(super) struct Ledger<'a> {
    days: std::slice::Iter<'a, DayRows>,
    day: Option<Date>,
    /// Rows of `day` that no file has claimed yet.
    open_rows: u64,
}

/// Files and days disagree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unbalanced;

impl<'a> Ledger<'a> {
    pub(super) fn new(days: &'a [DayRows]) -> Self {
        Self { days: days.iter(), day: None, open_rows: 0 }
    }

    /// Books the rows of a file that holds rows of the days `first` to `last` only.
    pub(super) fn book(&mut self, first: Date, last: Date, mut rows: u64) -> Result<(), Unbalanced> {
        while rows > 0 {
            if self.open_rows == 0 {
                let next = self.days.find(|day| day.rows() > 0).ok_or(Unbalanced)?;
                (self.day, self.open_rows) = (Some(next.first()), next.rows());
            }
            if self.day.is_none_or(|day| day < first || last < day) {
                return Err(Unbalanced);
            }
            let booked = rows.min(self.open_rows);
            rows -= booked;
            self.open_rows -= booked;
        }
        Ok(())
    }

    /// Whether each row of each day was booked.
    pub(super) fn finish(mut self) -> Result<(), Unbalanced> {
        if self.open_rows == 0 && self.days.all(|day| day.rows() == 0) { Ok(()) } else { Err(Unbalanced) }
    }
}

/// The days that a name of the dataset tells: `D/2021-01-01.csv`, a window `D/2021-01-01.0001.csv`, or several days
/// `D/2021-01-01_2021-01-31.csv`.
pub(super) fn dated(dataset: &str, name: &str) -> Option<(Date, Date)> {
    let stem = name.strip_prefix(dataset)?.strip_prefix('/')?.strip_suffix(".csv")?;
    let days = match stem.split_once('.') {
        Some((days, window)) => {
            (window.len() == 4 && window.bytes().all(|byte| byte.is_ascii_digit())).then_some(days)?
        }
        None => stem,
    };
    let (first, last) = days.split_once('_').unwrap_or((days, days));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}
