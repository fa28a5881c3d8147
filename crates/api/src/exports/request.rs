//! The JSON of a request for an export: read field by field so that every fault is named, and written again.

mod fields;
#[cfg(test)]
mod tests;

use domain::calendar::{DateRange, Zone};
use domain::dataset::Dataset;
use domain::filter::Filter;
use domain::owner::Owner;
use domain::request::{Columns, Format, Profile, Request, Shape};
use domain::time::Day;
use serde::Serialize;
use utoipa::ToSchema;

use self::fields::Fields;
use crate::problem::FieldError;

/// What is exported and how; the same form in requests and answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"dataset": "messages", "from": "2021-01-01", "to": "2021-03-31", "time_zone": "Europe/Berlin"}))]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// `messages` of an organisation, or `memberships` of a user.
    #[schema(pattern = "^(messages|memberships)$")]
    pub dataset: &'static str,
    /// First day (`YYYY-MM-DD`), of messages only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub from: Option<String>,
    /// Last day, included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub to: Option<String>,
    /// IANA name of the zone in which the days are meant; `UTC` if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// `zip`, `csv` or `csv.gz`; if none is given `zip` for messages and `csv` for memberships.
    #[schema(required = false, nullable = true, pattern = r"^(zip|csv|csv\.gz)$")]
    pub format: &'static str,
    /// `rfc4180` (as it is without it) or `spreadsheet`.
    #[schema(required = false, nullable = true, pattern = "^(rfc4180|spreadsheet)$")]
    pub profile: &'static str,
    /// Wanted columns, each once; all if none are given. An answer lists them in the order of the file.
    #[schema(required = false, nullable = true)]
    pub columns: Vec<&'static str>,
    /// Wanted rows, of messages only; all if none are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<RowFilter>,
    /// Whether finished parts of other exports may be used; `true` if not given. Never changes a byte.
    #[schema(required = false, nullable = true)]
    pub reuse: bool,
}

/// A row passes when each list given holds its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowFilter {
    /// Wanted channels, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// Wanted senders, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senders: Option<Vec<String>>,
}

/// Reads a request of this owner.
///
/// # Errors
/// Every fault that was found, each with its field.
pub fn parse(owner: &Owner, body: &serde_json::Value, shape: Shape) -> Result<Request, Vec<FieldError>> {
    let mut fields = Fields::of(body)?;
    let dataset = dataset(&mut fields, owner);
    let range = match dataset {
        Dataset::Messages => range(&mut fields),
        Dataset::Memberships => {
            for name in ["from", "to", "time_zone", "filter"] {
                fields.absent(name, "is not a field of this dataset");
            }
            None
        }
    };
    let format = fields.named::<Format>("format", Format::NAMES).unwrap_or(match dataset {
        Dataset::Messages => Format::Zip,
        Dataset::Memberships => Format::Csv,
    });
    let request = Request {
        dataset,
        range,
        format,
        profile: fields.named::<Profile>("profile", Profile::NAMES).unwrap_or(Profile::Rfc4180),
        columns: columns(&mut fields, dataset),
        filter: filter(&mut fields),
        reuse: fields.boolean("reuse").unwrap_or(true),
        shape,
    };
    fields.finish().map(|()| request)
}

/// Messages belong to organisations, memberships to users.
fn dataset(fields: &mut Fields<'_>, owner: &Owner) -> Dataset {
    let dataset = match owner {
        Owner::Organisation(_) => Dataset::Messages,
        Owner::User(_) => Dataset::Memberships,
    };
    match fields.text("dataset") {
        Some(name) if name == dataset.name() => {}
        Some(_) => fields.fault("dataset", format!("must be '{}' here", dataset.name())),
        None => fields.missing("dataset"),
    }
    dataset
}

fn range(fields: &mut Fields<'_>) -> Option<DateRange> {
    let mut day = |name: &str| match fields.text(name) {
        Some(text) => text.parse::<Day>().map_err(|error| fields.fault(name, error.to_string())).ok(),
        None => {
            fields.missing(name);
            None
        }
    };
    let (from, to) = (day("from"), day("to"));
    let zone = match fields.text("time_zone") {
        Some(name) => name.parse::<Zone>().map_err(|error| fields.fault("time_zone", error.to_string())).ok(),
        None => Some(Zone::utc()),
    };
    let range = DateRange::new(from?, to?, zone?);
    range.map_err(|_| fields.fault("to", "must not come before 'from'")).ok()
}

fn columns(fields: &mut Fields<'_>, dataset: Dataset) -> Columns {
    let Some(names) = fields.texts("columns") else { return Columns::all(dataset) };
    let columns = Columns::parse(dataset, names);
    columns.unwrap_or_else(|error| {
        fields.fault("columns", error.to_string());
        Columns::all(dataset)
    })
}

fn filter(fields: &mut Fields<'_>) -> Filter {
    let mut set = |name: &str| {
        let values = fields.texts(name)?;
        if values.is_empty() {
            fields.fault(name, "needs at least one value");
        }
        Some(values.into_iter().map(str::to_owned).collect())
    };
    Filter { channels: set("filter.channels"), senders: set("filter.senders") }
}

impl From<&Request> for ExportRequest {
    fn from(request: &Request) -> Self {
        let range = request.range.as_ref();
        let list = |set: &Option<std::collections::BTreeSet<String>>| {
            set.as_ref().map(|set| set.iter().cloned().collect::<Vec<_>>())
        };
        let filter = &request.filter;
        Self {
            dataset: request.dataset.name(),
            from: range.map(|range| range.from().to_string()),
            to: range.map(|range| range.to().to_string()),
            time_zone: range.map(|range| range.zone().name().to_owned()),
            format: request.format.name(),
            profile: request.profile.name(),
            columns: request.columns.names(request.dataset),
            filter: (!filter.is_all())
                .then(|| RowFilter { channels: list(&filter.channels), senders: list(&filter.senders) }),
            reuse: request.reuse,
        }
    }
}
