//! What the assumptions come to in a month of thirty days: bytes, exports, segments, time of cores.

use crate::assumptions::Assumptions;
use crate::sizes::{Sizes, percent};
use crate::units::{DAYS_A_MONTH, HOUR, HOURS_A_MONTH};

/// Months of a quarter.
const QUARTER: u128 = 3;
/// A day is cut into at most 2^10 windows.
const WINDOW_BITS: u32 = 10;
/// Bytes of an MB.
const MEGABYTE: u128 = 1_000_000;
/// Cores of a machine that works.
pub const CORES: u128 = 16;

/// Amounts of a month, over all organisations unless it says otherwise. `csv` is bytes as CSV, `stored` as data files, `archive` as zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volumes {
    /// Messages.
    pub messages: u128,
    /// Messages that come in.
    pub csv: u128,
    /// The same, as data files.
    pub stored: u128,
    /// A month of one organisation.
    pub csv_of_organisation: u128,
    /// Exports of one month.
    pub month_exports: u128,
    /// Exports of three months that fall on a month.
    pub quarter_exports: u128,
    /// What is exported.
    pub exported_csv: u128,
    /// The same, as zip.
    pub exported_archive: u128,
    /// What of it is built and not used again.
    pub built_csv: u128,
    /// The same, as zip.
    pub built_archive: u128,
    /// The data files that are read for it.
    pub built_stored: u128,
    /// Those of them that lie in Standard-IA.
    pub built_infrequent: u128,
    /// Segments of all exports.
    pub segments: u128,
    /// Requests to the API.
    pub requests: u128,
    /// Commits of the table.
    pub commits: u128,
    /// Data files that come in.
    pub files: u128,
}

impl Volumes {
    /// Of a scenario.
    pub fn new(a: &Assumptions) -> Self {
        let wide = u128::from;
        let sizes = sizes(a);
        let messages = wide(a.organisations) * wide(a.messages_a_day) * DAYS_A_MONTH;
        let csv = messages * wide(a.message_bytes);
        let csv_of_organisation = csv / wide(a.organisations);
        let month_exports = (wide(a.organisations) * wide(a.month_exports_a_hundred)).div_ceil(100);
        let quarter_exports = (wide(a.organisations) * wide(a.quarter_exports_a_hundred)).div_ceil(100 * QUARTER);
        let months_exported = month_exports + QUARTER * quarter_exports;
        let exported_csv = months_exported * csv_of_organisation;
        let archive = |csv: u128| sizes.compressed(sizes.stored(csv));
        let built = |csv: u128| percent(csv, 100 - a.reused_percent);
        let infrequent = month_exports * infrequent_months(a, 1) + quarter_exports * infrequent_months(a, QUARTER);
        Self {
            messages,
            csv,
            stored: sizes.stored(csv),
            csv_of_organisation,
            month_exports,
            quarter_exports,
            exported_csv,
            exported_archive: archive(exported_csv),
            built_csv: built(exported_csv),
            built_archive: archive(built(exported_csv)),
            built_stored: sizes.stored(built(exported_csv)),
            built_infrequent: sizes.stored(built(infrequent * csv_of_organisation)),
            segments: months_exported * segments_of_month(a),
            requests: (month_exports + quarter_exports) * wide(a.requests_an_export),
            commits: wide(a.commits_a_day) * DAYS_A_MONTH,
            files: wide(a.organisations) * wide(a.files_a_day) * DAYS_A_MONTH,
        }
    }

    /// All exports of a month.
    pub const fn exports(&self) -> u128 {
        self.month_exports + self.quarter_exports
    }
}

fn sizes(a: &Assumptions) -> Sizes {
    Sizes { csv_percent: a.csv_percent, compressed_percent: a.compressed_percent }
}

/// How many of the last `months` lie in Standard-IA.
fn infrequent_months(a: &Assumptions, months: u128) -> u128 {
    months.min(a.retention_months.into()).saturating_sub(a.standard_months.into())
}

/// Segments of one organisation's month, as plans cut it: the month if its rows are few, else its days, each in 2^k windows.
fn segments_of_month(a: &Assumptions) -> u128 {
    let (day, target) = (u128::from(a.messages_a_day), u128::from(a.segment_rows));
    if day * DAYS_A_MONTH <= target {
        return 1;
    }
    let bits = (0..WINDOW_BITS).find(|bits| day.div_ceil(1 << bits) <= target).unwrap_or(WINDOW_BITS);
    DAYS_A_MONTH << bits
}

/// Time for which machines of [`CORES`] are paid to get so many bytes of CSV done (seconds).
pub fn machine_seconds(csv: u128, megabytes_a_second: u64, busy_percent: u64) -> u128 {
    core_seconds(csv, megabytes_a_second).saturating_mul(100).div_ceil(u128::from(busy_percent) * CORES)
}

/// Work of cores for so many bytes of CSV (seconds).
pub fn core_seconds(csv: u128, megabytes_a_second: u64) -> u128 {
    csv.div_ceil(u128::from(megabytes_a_second) * MEGABYTE)
}

/// Seconds that AWS's calculator counts in a month.
pub const SECONDS_A_MONTH: u128 = HOURS_A_MONTH * HOUR;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Preset;

    #[test]
    fn the_brief_by_hand() {
        let a = Preset::Brief.assumptions();
        let volumes = Volumes::new(&a);
        // 2,000 x 2e9 x 30 messages of 200 bytes; 100 / 320 of it stored.
        assert_eq!(volumes.messages, 120_000_000_000_000);
        assert_eq!(volumes.csv, 24_000_000_000_000_000);
        assert_eq!(volumes.stored, 7_500_000_000_000_000);
        assert_eq!(volumes.csv_of_organisation, 12_000_000_000_000);
        // 2,000 months and 2,000 / 3 quarters of three months, rounded up.
        assert_eq!((volumes.month_exports, volumes.quarter_exports), (2_000, 667));
        assert_eq!(volumes.exported_csv, 4_001 * 12_000_000_000_000);
        assert_eq!(volumes.exported_archive, 4_001 * 4_125_000_000_000);
        // Two billion rows a day are cut into 1,024 windows of at most two million.
        assert_eq!(volumes.segments, 4_001 * 30 * 1_024);
    }

    #[test]
    fn segments_are_cut_by_rule() {
        let mut a = Preset::Small.assumptions();
        let cases = [
            (66_666, 1),
            (66_667, 30),
            (2_000_000, 30),
            (2_000_001, 60),
            (8_000_000, 120),
            (1_000_000_000_000, 30_720),
        ];
        for (day, segments) in cases {
            a.messages_a_day = day;
            assert_eq!(segments_of_month(&a), segments, "{day}");
        }
    }

    #[test]
    fn old_months_lie_in_infrequent_access() {
        let mut a = Preset::Brief.assumptions();
        for (standard, retention, expected) in [(3, 12, 0), (1, 12, 2), (0, 12, 3), (0, 2, 2), (1, 1, 0)] {
            (a.standard_months, a.retention_months) = (standard, retention);
            assert_eq!(infrequent_months(&a, QUARTER), expected, "{standard} {retention}");
        }
    }

    #[test]
    fn machines_are_paid_while_they_wait_too() {
        assert_eq!(core_seconds(1_000_000_001, 100), 11);
        assert_eq!(machine_seconds(1_600_000_000, 1, 100), 100);
        assert_eq!(machine_seconds(1_600_000_000, 1, 60), 167);
    }
}
