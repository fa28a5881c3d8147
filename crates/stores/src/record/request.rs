//! The request as it is kept: names instead of values of ours.

use std::collections::BTreeSet;

use domain::calendar::DateRange;
use domain::dataset::Dataset;
use domain::filter::Filter;
use domain::request::{Columns, Request, Shape};
use serde::{Deserialize, Serialize};

use super::{RowError, Unknown};

#[derive(Serialize, Deserialize)]
pub(super) struct RequestRow {
    dataset: String,
    #[serde(flatten)]
    range: Option<RangeRow>,
    format: String,
    profile: String,
    columns: Vec<String>,
    channels: Option<BTreeSet<String>>,
    senders: Option<BTreeSet<String>>,
    reuse: bool,
    segment_rows_target: u64,
    volume_limit_bytes: u64,
    volume_limit_pieces: u32,
    sha256: bool,
}

#[derive(Serialize, Deserialize)]
struct RangeRow {
    from: String,
    to: String,
    time_zone: String,
}

impl From<&DateRange> for RangeRow {
    fn from(range: &DateRange) -> Self {
        let (from, to) = (range.from().to_string(), range.to().to_string());
        Self { from, to, time_zone: range.zone().name().to_owned() }
    }
}

impl TryFrom<RangeRow> for DateRange {
    type Error = RowError;

    fn try_from(row: RangeRow) -> Result<Self, RowError> {
        Ok(Self::new(row.from.parse()?, row.to.parse()?, row.time_zone.parse()?)?)
    }
}

impl From<&Request> for RequestRow {
    fn from(request: &Request) -> Self {
        let columns = request.columns.names(request.dataset);
        Self {
            dataset: request.dataset.name().to_owned(),
            range: request.range.as_ref().map(RangeRow::from),
            format: request.format.name().to_owned(),
            profile: request.profile.name().to_owned(),
            columns: columns.into_iter().map(str::to_owned).collect(),
            channels: request.filter.channels.clone(),
            senders: request.filter.senders.clone(),
            reuse: request.reuse,
            segment_rows_target: request.shape.segment_rows_target,
            volume_limit_bytes: request.shape.volume_limit_bytes,
            volume_limit_pieces: request.shape.volume_limit_pieces,
            sha256: request.shape.sha256,
        }
    }
}

impl TryFrom<RequestRow> for Request {
    type Error = RowError;

    fn try_from(row: RequestRow) -> Result<Self, RowError> {
        let dataset = dataset(&row.dataset)?;
        if row.range.is_none() && dataset == Dataset::Messages {
            return Err(Unknown::new("range of days", "").into());
        }
        Ok(Self {
            dataset,
            range: row.range.map(DateRange::try_from).transpose()?,
            format: row.format.parse()?,
            profile: row.profile.parse()?,
            columns: Columns::parse(dataset, row.columns.iter().map(String::as_str))?,
            filter: Filter { channels: row.channels, senders: row.senders },
            reuse: row.reuse,
            shape: Shape {
                segment_rows_target: row.segment_rows_target,
                volume_limit_bytes: row.volume_limit_bytes,
                volume_limit_pieces: row.volume_limit_pieces,
                sha256: row.sha256,
            },
        })
    }
}

fn dataset(name: &str) -> Result<Dataset, Unknown> {
    Dataset::ALL.into_iter().find(|dataset| dataset.name() == name).ok_or_else(|| Unknown::new("dataset", name))
}
