//! What was asked for, parsed.

use thiserror::Error;

use crate::calendar::DateRange;
use crate::dataset::Dataset;
use crate::filter::Filter;
use crate::limits::Limits;
use crate::names::names;

/// The request of one export: everything that decides its bytes, and whether finished parts may be reused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is exported.
    pub dataset: Dataset,
    /// Which days, in which zone; `None` where the dataset is not cut by days.
    pub range: Option<DateRange>,
    /// What kind of file.
    pub format: Format,
    /// How cells are written.
    pub profile: Profile,
    /// Which columns.
    pub columns: Columns,
    /// Which rows.
    pub filter: Filter,
    /// Whether parts that other exports built may be used.
    pub reuse: bool,
    /// What the installation decides about the bytes.
    pub shape: Shape,
}

/// The settings that decide bytes, fixed when the export is asked for: whoever works on it later, under whatever
/// configuration, builds the same files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows that one segment aims at.
    pub segment_rows_target: u64,
    /// Greatest archive before it is cut into volumes (bytes of its parts; a part is never cut).
    pub volume_limit_bytes: u64,
    /// Most pieces that one archive is put together from.
    pub volume_limit_pieces: u32,
    /// Whether each file gets a SHA-256 beside its BLAKE3.
    pub sha256: bool,
}

impl Shape {
    /// As these limits say.
    pub const fn of(limits: &Limits, sha256: bool) -> Self {
        Self {
            segment_rows_target: limits.segment_rows_target,
            volume_limit_bytes: limits.volume_limit_bytes,
            volume_limit_pieces: limits.volume_limit_pieces,
            sha256,
        }
    }
}

names! {
    /// The kind of file an export becomes.
    Format {
        /// An archive with one CSV per day or window of a day.
        Zip = "zip",
        /// One CSV.
        Csv = "csv",
        /// One CSV, gzip.
        CsvGz = "csv.gz",
    }
    else |text| -> RequestError { RequestError::UnknownFormat(text.chars().take(80).collect()) }
}

names! {
    /// How cells are written.
    Profile {
        /// Exactly the values.
        Rfc4180 = "rfc4180",
        /// Text that a spreadsheet would run as a formula gets a leading apostrophe.
        Spreadsheet = "spreadsheet",
    }
    else |text| -> RequestError { RequestError::UnknownProfile(text.chars().take(80).collect()) }
}

impl Format {
    /// What a file of this format ends with, the dot included.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Zip => ".zip",
            Self::Csv => ".csv",
            Self::CsvGz => ".csv.gz",
        }
    }
}

/// Some columns of a dataset, each once, in contract order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<usize>);

impl Columns {
    /// Every column of the dataset.
    pub fn all(dataset: Dataset) -> Self {
        Self((0..dataset.columns().len()).collect())
    }

    /// The named columns; unknown, repeated or no names are refused.
    pub fn parse<'a>(dataset: Dataset, names: impl IntoIterator<Item = &'a str>) -> Result<Self, RequestError> {
        let mut indexes = Vec::new();
        for name in names {
            let index = dataset.columns().iter().position(|column| *column == name);
            let index = index.ok_or_else(|| RequestError::UnknownColumn(name.chars().take(80).collect()))?;
            if indexes.contains(&index) {
                return Err(RequestError::RepeatedColumn(name.to_owned()));
            }
            indexes.push(index);
        }
        if indexes.is_empty() {
            return Err(RequestError::NoColumns);
        }
        indexes.sort_unstable();
        Ok(Self(indexes))
    }

    /// Positions among all columns of the dataset, ascending.
    pub fn indexes(&self) -> &[usize] {
        &self.0
    }

    /// The names, in contract order.
    pub fn names(&self, dataset: Dataset) -> Vec<&'static str> {
        self.0.iter().map(|index| dataset.columns()[*index]).collect()
    }
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// No such format.
    #[error("'{0}' is not a format: use zip, csv or csv.gz")]
    UnknownFormat(String),
    /// No such profile.
    #[error("'{0}' is not a profile: use rfc4180 or spreadsheet")]
    UnknownProfile(String),
    /// The dataset has no such column.
    #[error("'{0}' is not a column")]
    UnknownColumn(String),
    /// A column was asked for twice.
    #[error("column '{0}' is asked for twice")]
    RepeatedColumn(String),
    /// An empty list of columns.
    #[error("at least one column is needed")]
    NoColumns,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: Result<&[&'static str], RequestError>) {
        let columns = Columns::parse(Dataset::Messages, names.iter().copied());
        assert_eq!(columns.map(|columns| columns.names(Dataset::Messages)), expected.map(<[_]>::to_vec));
    }

    #[test]
    fn columns_come_in_contract_order() {
        check(&["text", "message_id"], Ok(&["message_id", "text"]));
        check(&["text", "text"], Err(RequestError::RepeatedColumn("text".into())));
        check(&["body"], Err(RequestError::UnknownColumn("body".into())));
        check(&[], Err(RequestError::NoColumns));
    }

    #[test]
    fn names_are_read_back() {
        for name in Format::NAMES {
            assert_eq!(name.parse::<Format>().map(Format::name), Ok(*name));
        }
        for name in Profile::NAMES {
            assert_eq!(name.parse::<Profile>().map(Profile::name), Ok(*name));
        }
        assert_eq!("ZIP".parse::<Format>(), Err(RequestError::UnknownFormat("ZIP".into())));
    }
}
