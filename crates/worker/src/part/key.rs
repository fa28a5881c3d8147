//! The key of a part.

use domain::content_key::{ContentKey, ContentVersion, KeyBuilder};
use domain::dataset::Dataset;
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::request::{Format, Request};
use domain::time::Day;
use domain::windows::Slice;
use encoder::ENCODER_VERSION;
use encoder::deflate::{DEFLATE_LEVEL, DEFLATE_NAME};
use lake::table::Lineage;
use lake::table::plan::PlannedDay;

use super::build::zone;
use parts::names::entry_name;

/// What all parts of one export have in common.
#[derive(Clone, Copy, Debug)]
pub struct PartKeys<'a> {
    /// Whose.
    pub owner: &'a Owner,
    /// What was asked.
    pub request: &'a Request,
    /// What must be equal, beside content versions, for two snapshots to hold the same.
    pub lineage: &'a Lineage,
    /// Set where nothing may be reused: then the parts are this export's alone.
    pub only_for: Option<ExportId>,
}

/// The key of one slice's part: everything that decides its bytes, and the content it was made of.
pub fn part_key(of: PartKeys<'_>, slice: &Slice, days: &[PlannedDay]) -> ContentKey {
    let (request, dataset) = (of.request, of.request.dataset);
    let filter = &request.filter;
    let values = |set: &'_ Option<std::collections::BTreeSet<String>>| set.clone().map(IntoIterator::into_iter);
    let mut key = KeyBuilder::new("part")
        .text("owner", &of.owner.to_string())
        .text("dataset", dataset.name())
        .number("schema", dataset.schema_version())
        .instant("start", slice.span.start)
        .instant("end", slice.span.end);
    key = names_of(key, request, slice)
        .texts("columns", Some(request.columns.names(dataset).into_iter()))
        .text("profile", request.profile.name())
        .text("container", request.format.name())
        .number("encoder", ENCODER_VERSION)
        .text("deflate", DEFLATE_NAME)
        .number("level", DEFLATE_LEVEL)
        .number("sha256", i128::from(request.shape.sha256))
        .text("table", &of.lineage.table.to_string())
        .texts("foreign snapshot", of.lineage.foreign.map(|id| id.to_string()).as_deref().map(std::iter::once))
        .texts("restored", of.lineage.restored.map(|id| id.to_string()).as_deref().map(std::iter::once))
        .texts("only for", of.only_for.map(|id| id.to_string()).as_deref().map(std::iter::once));
    for (name, set) in [("channels", &filter.channels), ("senders", &filter.senders)] {
        let owned: Option<Vec<String>> = values(set).map(Iterator::collect);
        key = key.texts(name, owned.as_ref().map(|set| set.iter().map(String::as_str)));
    }
    days.iter().fold(key, |key, day| key.content(version_of(day))).finish()
}

fn version_of(day: &PlannedDay) -> ContentVersion {
    ContentVersion { day: day.day.0, greatest_sequence: day.greatest_sequence, rows: day.rows }
}

/// Entry names, and for several days in one part where each begins.
fn names_of(key: KeyBuilder, request: &Request, slice: &Slice) -> KeyBuilder {
    let dataset: Dataset = request.dataset;
    match request.format {
        Format::Csv | Format::CsvGz => key.text("piece", &entry_name(dataset, &slice.piece_stem())),
        Format::Zip => (slice.first_day.0..=slice.last_day.0).map(Day).fold(key, |key, day| {
            let start = if day == slice.first_day { slice.span.start } else { zone(request).day_start(day) };
            key.text("entry", &entry_name(dataset, &slice.stem(day))).instant("from", start)
        }),
    }
}
