//! What lies beside a part: its counters and hashes, written before it and deleted after it.

use domain::time::Day;
use encoder::part::{EntrySummary, PartSummary};
use lake::read::DayCounters;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of the record's form.
const VERSION: u32 = 2;

/// Counters and hashes of one part. As bytes: one line of JSON, then one with the BLAKE3 of the first, in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartRecord {
    version: u32,
    /// The part itself.
    pub part: PartSummary,
    /// Of each entry with rows, when its first and last row were sent (microseconds since 1970).
    pub sent_at: Vec<SentAt>,
    /// Rows of each local day that has some, in order.
    pub local_days: Vec<DayCount>,
    /// What became of the rows of each UTC day, in order.
    utc_days: Vec<UtcDay>,
}

/// First and last instant of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentAt {
    /// First.
    pub first: i64,
    /// Last.
    pub last: i64,
}

/// Rows of one local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayCount {
    /// The day, in days since 1970-01-01.
    pub day: i32,
    /// Rows written.
    pub rows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UtcDay {
    day: i32,
    before: u64,
    after: u64,
    refused_by_filter: u64,
    exact_repeats: u64,
    written: u64,
}

/// A record that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the record beside a part is damaged or of a newer version")]
pub struct RecordError;

impl PartRecord {
    /// The record of a part.
    pub fn new(
        part: PartSummary,
        sent_at: Vec<SentAt>,
        local_days: Vec<DayCount>,
        counters: impl IntoIterator<Item = (Day, DayCounters)>,
    ) -> Self {
        let utc_days = counters.into_iter().map(|(day, counted)| UtcDay {
            day: day.0,
            before: counted.before,
            after: counted.after,
            refused_by_filter: counted.refused_by_filter,
            exact_repeats: counted.exact_repeats,
            written: counted.written,
        });
        Self { version: VERSION, part, sent_at, local_days, utc_days: utc_days.collect() }
    }

    /// What became of the rows of each UTC day.
    pub fn counters(&self) -> impl Iterator<Item = (Day, DayCounters)> + '_ {
        self.utc_days.iter().map(|day| {
            let counters = DayCounters {
                before: day.before,
                after: day.after,
                refused_by_filter: day.refused_by_filter,
                exact_repeats: day.exact_repeats,
                written: day.written,
            };
            (Day(day.day), counters)
        })
    }

    /// The entries that go into an archive: those with rows.
    /// Each comes with its instants, where its rows have some.
    pub fn entries_with_rows(&self) -> impl Iterator<Item = (&EntrySummary, Option<SentAt>)> {
        let entries = self.part.entries.iter().filter(|entry| entry.rows > 0);
        entries.zip(self.sent_at.iter().copied().map(Some).chain(std::iter::repeat(None)))
    }

    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.part.entries.iter().map(|entry| entry.rows).sum()
    }

    /// The record as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = serde_json::to_string(self).expect("numbers, names and hashes are JSON");
        format!("{text}\n{}\n", blake3::hash(text.as_bytes()).to_hex()).into_bytes()
    }

    /// Reads a record; one changed byte anywhere is an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError)?;
        let (json, sum) = text.split_once('\n').ok_or(RecordError)?;
        if sum.strip_suffix('\n') != Some(blake3::hash(json.as_bytes()).to_hex().as_str()) {
            return Err(RecordError);
        }
        let record: Self = serde_json::from_str(json).map_err(|_| RecordError)?;
        if record.version == VERSION { Ok(record) } else { Err(RecordError) }
    }
}
