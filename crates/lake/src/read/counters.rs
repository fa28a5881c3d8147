//! What became of each row of a UTC day.

use domain::time::Day;

use crate::error::LakeError;

/// Rows of one UTC day's files by what became of them. Together they are all rows of those files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayCounters {
    /// Sent before the window.
    pub before: u64,
    /// Sent after the window.
    pub after: u64,
    /// In the window, but not wanted by the filter.
    pub refused_by_filter: u64,
    /// Wanted, but equal in every column to a row that was written.
    pub exact_repeats: u64,
    /// Given out.
    pub written: u64,
}

impl DayCounters {
    /// All rows accounted for.
    pub fn total(&self) -> u64 {
        self.before + self.after + self.refused_by_filter + self.exact_repeats + self.written
    }

    /// Whether they are those of the day's files.
    pub(crate) fn reconcile(&self, day: Day, expected: u64) -> Result<(), LakeError> {
        let counted = self.total();
        if counted == expected { Ok(()) } else { Err(LakeError::Unreconciled { day, expected, counted }) }
    }
}
