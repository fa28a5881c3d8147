//! The request as it is kept: names instead of values of ours.

use std::collections::BTreeSet;

use domain::calendar::DateRange;
use domain::dataset::Dataset;
use domain::filter::Filter;
use domain::request::{Columns, Request};
use serde::{Deserialize, Serialize};

use super::{RowError, Unknown};

#[derive(Serialize, Deserialize)]
pub(super) struct RequestRow {
    dataset: String,
    from: String,
    to: String,
    time_zone: String,
    format: String,
    profile: String,
    columns: Vec<String>,
    channels: Option<BTreeSet<String>>,
    senders: Option<BTreeSet<String>>,
    reuse: bool,
}

impl From<&Request> for RequestRow {
    fn from(request: &Request) -> Self {
        let columns = request.columns.names(request.dataset);
        Self {
            dataset: request.dataset.name().to_owned(),
            from: request.range.from().to_string(),
            to: request.range.to().to_string(),
            time_zone: request.range.zone().name().to_owned(),
            format: request.format.name().to_owned(),
            profile: request.profile.name().to_owned(),
            columns: columns.into_iter().map(str::to_owned).collect(),
            channels: request.filter.channels.clone(),
            senders: request.filter.senders.clone(),
            reuse: request.reuse,
        }
    }
}

impl TryFrom<RequestRow> for Request {
    type Error = RowError;

    fn try_from(row: RequestRow) -> Result<Self, RowError> {
        let dataset = dataset(&row.dataset)?;
        Ok(Self {
            dataset,
            range: DateRange::new(row.from.parse()?, row.to.parse()?, row.time_zone.parse()?)?,
            format: row.format.parse()?,
            profile: row.profile.parse()?,
            columns: Columns::parse(dataset, row.columns.iter().map(String::as_str))?,
            filter: Filter { channels: row.channels, senders: row.senders },
            reuse: row.reuse,
        })
    }
}

fn dataset(name: &str) -> Result<Dataset, Unknown> {
    let all = [Dataset::Messages];
    all.into_iter().find(|dataset| dataset.name() == name).ok_or_else(|| Unknown::new("dataset", name))
}
