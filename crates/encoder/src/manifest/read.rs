//! Reading a manifest: strictly, so that each manifest has one text and each text found is the one that was written.

use std::io::{self, Write};

use serde::Deserialize;
use thiserror::Error;

use super::{
    DayRows, Format, MANIFEST_VERSION, Manifest, ManifestError, ManifestFile, ManifestFilter, ManifestHead,
    ManifestRange, ManifestTail, ManifestWriter, Volume,
};
use crate::civil::Date;
use crate::csv::Profile;
use crate::hash::Hash256;

/// Why a text is not a manifest. It never repeats what stands in the text.
#[derive(Debug, Error)]
pub enum ManifestReadError {
    /// Not JSON, an unknown or missing field, or a value of another type.
    #[error("is not a manifest of version {MANIFEST_VERSION}: line {line}, column {column}")]
    Form {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Another version.
    #[error("is a manifest of version {0}, which this program does not know")]
    Version(u32),
    /// Some of range or volume is there and some is missing.
    #[error("tells only a part of its range or volume")]
    HalfTold,
    /// What stands in it does not fit together.
    #[error("does not fit together: {0}")]
    Inconsistent(ManifestError),
    /// It says the right things in other bytes than its writer does, or was changed after it was written.
    #[error("differs at byte {0} from what its writer writes")]
    OtherBytes(u64),
}

impl ManifestReadError {
    /// Never: the same bytes fail again.
    pub fn retryable(&self) -> bool {
        false
    }
}

impl Manifest {
    /// Reads a manifest and proves that exactly these bytes are its text.
    pub fn read(text: &[u8]) -> Result<Self, ManifestReadError> {
        let wire: Wire = serde_json::from_slice(text)
            .map_err(|error| ManifestReadError::Form { line: error.line(), column: error.column() })?;
        if wire.version != MANIFEST_VERSION {
            return Err(ManifestReadError::Version(wire.version));
        }
        let manifest = wire.into_manifest()?;
        let mut same = SameBytes { expected: text, position: 0, differs: false };
        // The hash of itself is computed anew here, so a changed manifest differs at the latest there.
        manifest.write(&mut same).map_err(ManifestReadError::Inconsistent)?;
        if same.differs || same.position < text.len() {
            return Err(ManifestReadError::OtherBytes(same.position as u64));
        }
        Ok(manifest)
    }

    /// Writes the text of the manifest.
    pub fn write(&self, out: impl Write) -> Result<(), ManifestError> {
        let mut writer = ManifestWriter::new(out, &self.head)?;
        self.files.iter().try_for_each(|file| writer.file(file))?;
        writer.finish(&self.tail)?;
        Ok(())
    }
}

/// Compares what is written to it with a text, up to the first difference.
struct SameBytes<'a> {
    expected: &'a [u8],
    position: usize,
    differs: bool,
}

impl Write for SameBytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let rest = &self.expected[self.position..];
        if !self.differs {
            let same = rest.iter().zip(bytes).take_while(|(left, right)| left == right).count();
            self.differs = same < bytes.len();
            self.position += same;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    dataset: String,
    organisation: Option<String>,
    from: Option<Date>,
    to: Option<Date>,
    time_zone: Option<String>,
    first_instant: Option<String>,
    end_instant: Option<String>,
    format: Format,
    profile: Profile,
    columns: Vec<String>,
    filter: Option<ManifestFilter>,
    days: Vec<DayRows>,
    files: Vec<ManifestFile>,
    rows: u64,
    exact_repeats: u64,
    refused_by_filter: u64,
    escaped_cells: u64,
    volume: Option<u32>,
    volumes: Option<u32>,
    #[serde(rename = "self_blake3")]
    _self_blake3: Hash256,
}

impl Wire {
    fn into_manifest(self) -> Result<Manifest, ManifestReadError> {
        let range = match (self.from, self.to, self.time_zone, self.first_instant, self.end_instant) {
            (None, None, None, None, None) => None,
            (Some(from), Some(to), Some(time_zone), Some(first_instant), Some(end_instant)) => {
                Some(ManifestRange { from, to, time_zone, first_instant, end_instant })
            }
            _ => return Err(ManifestReadError::HalfTold),
        };
        let volume = match (self.volume, self.volumes) {
            (None, None) => None,
            (Some(volume), Some(volumes)) => Some(Volume { volume, volumes }),
            _ => return Err(ManifestReadError::HalfTold),
        };
        let head = ManifestHead {
            dataset: self.dataset,
            organisation: self.organisation,
            range,
            format: self.format,
            profile: self.profile,
            columns: self.columns,
            filter: self.filter,
            days: self.days,
        };
        let tail = ManifestTail {
            exact_repeats: self.exact_repeats,
            refused_by_filter: self.refused_by_filter,
            escaped_cells: self.escaped_cells,
            volume,
        };
        Ok(Manifest { head, files: self.files, rows: self.rows, tail })
    }
}
