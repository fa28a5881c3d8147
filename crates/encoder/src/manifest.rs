//! The manifest: what an archive or a volume holds, as deterministic JSON of version 1.
//!
//! Nothing in it differs between two runs on the same data. It is written file by file, so that 180,000 of them need
//! no memory, and read strictly: a text that the writer would not write in exactly this way is refused.

mod days;
mod ledger;
mod read;
#[cfg(test)]
mod tests;
mod write;

use serde::{Deserialize, Serialize};

use crate::civil::{Date, Instant};
use crate::csv::Profile;
use crate::hash::{Crc32, Hash256};
use crate::part::{Container, EntrySummary};

pub use days::{DayRows, DaysError, days_of};
pub use read::ManifestReadError;
pub use write::{ManifestError, ManifestWriter};

/// The version of the manifest's form.
pub const MANIFEST_VERSION: u32 = 1;

/// What kind of file the manifest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// A ZIP with the manifest as its last entry.
    #[serde(rename = "zip")]
    Zip,
    /// One CSV, the manifest beside it.
    #[serde(rename = "csv")]
    Csv,
    /// One CSV as gzip members, the manifest beside it.
    #[serde(rename = "csv.gz")]
    CsvGz,
}

impl Format {
    /// How its parts are wrapped.
    pub fn container(self) -> Container {
        match self {
            Self::Zip => Container::Zip,
            Self::Csv => Container::Raw,
            Self::CsvGz => Container::Gzip,
        }
    }
}

/// What was asked and which days came of it; known before the first file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestHead {
    /// Name of the dataset, and the folder of its entries.
    pub dataset: String,
    /// Slug of the organisation; absent where a user owns the rows.
    pub organisation: Option<String>,
    /// The days asked for; absent for a dataset without days, whose `days` are then empty.
    pub range: Option<ManifestRange>,
    /// Kind of file.
    pub format: Format,
    /// CSV profile.
    pub profile: Profile,
    /// Columns in file order.
    pub columns: Vec<String>,
    /// Filter, or `None` where everything was asked for.
    pub filter: Option<ManifestFilter>,
    /// Rows of each day of the range, see [`days_of`]; of a volume the rows that lie in this volume, and the days of
    /// all volumes one behind the other are the range.
    pub days: Vec<DayRows>,
}

/// Inclusive days in a zone and the instants they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRange {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// IANA name of the zone the days are meant in.
    pub time_zone: String,
    /// First instant, RFC 3339 with six decimals and `Z`.
    pub first_instant: String,
    /// First instant after it, in the same form; only this one can lie in the year 10000, written `+010000`.
    pub end_instant: String,
}

/// The filter of the request; at least one of the two, each sorted bytewise without repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFilter {
    /// Only these channels.
    pub channels: Option<Vec<String>>,
    /// Only these senders.
    pub senders: Option<Vec<String>>,
}

/// One entry of a zip, or one piece of a csv.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Name of the entry or piece.
    pub name: String,
    /// Rows, without a header line.
    pub rows: u64,
    /// Bytes uncompressed.
    pub bytes: u64,
    /// Bytes as stored.
    pub compressed_bytes: u64,
    /// CRC-32 of the uncompressed bytes.
    pub crc32: Crc32,
    /// BLAKE3 of the uncompressed bytes.
    pub blake3: Hash256,
    /// SHA-256 of the uncompressed bytes, where the config asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash256>,
    /// BLAKE3 of the stored bytes: finds a flipped bit that inflates to the same text, and checks without inflating.
    pub compressed_blake3: Hash256,
    /// When the first row was sent, in a dataset that knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_sent_at: Option<Instant>,
    /// When the last row was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sent_at: Option<Instant>,
}

impl ManifestFile {
    /// The manifest's line of an entry, and when its first and last row were sent.
    pub fn new(entry: &EntrySummary, sent_at: Option<(Instant, Instant)>) -> Self {
        Self {
            name: entry.name.clone(),
            rows: entry.rows,
            bytes: entry.bytes,
            compressed_bytes: entry.compressed_bytes,
            crc32: entry.crc32,
            blake3: entry.blake3,
            sha256: entry.sha256,
            compressed_blake3: entry.compressed_blake3,
            first_sent_at: sent_at.map(|(first, _)| first),
            last_sent_at: sent_at.map(|(_, last)| last),
        }
    }
}

/// Counters of the whole, known after the last file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ManifestTail {
    /// Rows left out because an equal one is there.
    pub exact_repeats: u64,
    /// Rows in the range that the filter refused.
    pub refused_by_filter: u64,
    /// Cells with a leading apostrophe (profile `spreadsheet`).
    pub escaped_cells: u64,
    /// Which of how many volumes this is.
    pub volume: Option<Volume>,
}

/// One of several files of an export, each complete in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Counted from 1.
    pub volume: u32,
    /// How many there are.
    pub volumes: u32,
}

/// A manifest that was read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What was asked.
    pub head: ManifestHead,
    /// Files in order.
    pub files: Vec<ManifestFile>,
    /// Rows of all files.
    pub rows: u64,
    /// Counters.
    pub tail: ManifestTail,
}
