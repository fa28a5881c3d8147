//! Checking a finished file against its manifest: every byte of it is either made again or covered by a hash.
//!
//! A file may come from anywhere. Whatever is in it, the answer is a report: memory stays bounded (the manifest has a
//! limit of its own, everything else is streamed), and nothing of the content is repeated in a message.

mod compare;
mod csv;
mod data;
mod inflate;
mod records;
mod set;
mod zip;

use std::fmt;

use crate::manifest::{Manifest, ManifestHead, Volume};

pub use csv::verify_csv;
pub use set::verify_set;
pub use zip::{verify_zip, zip_manifest};

/// At most so many differences are listed; one more says that there are others.
pub const DIFFERENCES_LIMIT: usize = 100;

/// What a check may take.
#[derive(Clone, Copy, Debug)]
pub struct VerifyLimits {
    /// Longest manifest that is read, in bytes; it is held in memory.
    pub manifest_bytes: u64,
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self { manifest_bytes: 1 << 30 }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Whether there is no difference at all.
    pub ok: bool,
    /// Rows that were counted in the data.
    pub rows: u64,
    /// Files that were read: entries of a zip without its manifest, pieces of a csv.
    pub files: u64,
    /// Every difference, up to [`DIFFERENCES_LIMIT`].
    pub differences: Vec<Difference>,
    /// What the manifest says, where it could be read.
    pub(crate) facts: Option<Facts>,
}

/// What [`verify_set`] needs to know of a volume.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) head: ManifestHead,
    pub(crate) volume: Option<Volume>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
}

impl Facts {
    fn of(manifest: &Manifest) -> Self {
        // The header piece is in every volume of a csv.
        let mut names = manifest.files.iter().filter(|file| file.rows > 0).map(|file| file.name.clone());
        let first_name = names.next();
        let last_name = names.next_back().or_else(|| first_name.clone());
        Self { head: manifest.head.clone(), volume: manifest.tail.volume, first_name, last_name }
    }
}

/// Where a file differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The entry, piece or section.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.what)
    }
}

impl Report {
    fn differs(&mut self, place: &str, what: impl Into<String>) {
        if self.differences.len() < DIFFERENCES_LIMIT {
            self.differences.push(Difference { place: place.to_owned(), what: what.into() });
        } else if self.differences.len() == DIFFERENCES_LIMIT {
            self.differences.push(Difference { place: "file".to_owned(), what: "has more differences".to_owned() });
        }
    }

    fn finish(mut self) -> Self {
        self.ok = self.differences.is_empty();
        self
    }
}
