//! From the command line to a request.

use std::collections::BTreeSet;

use domain::calendar::DateRange;
use domain::dataset::Dataset;
use domain::filter::Filter;
use domain::request::{Columns, Request, Shape};

use crate::args;
use crate::config::Config;
use crate::exit::Failure;

/// The request that the arguments make; whatever cannot be asked for is a usage error.
pub fn parse(args: &args::Export, config: &Config) -> Result<Request, Failure> {
    let dataset = Dataset::Messages;
    let range = DateRange::new(args.from, args.to, args.time_zone.0.clone()).map_err(Failure::usage)?;
    let columns = match args.columns.as_slice() {
        [] => Columns::all(dataset),
        names => Columns::parse(dataset, names.iter().map(String::as_str)).map_err(Failure::usage)?,
    };
    let set = |values: &[String]| -> Option<BTreeSet<String>> {
        (!values.is_empty()).then(|| values.iter().cloned().collect())
    };
    Ok(Request {
        dataset,
        range: Some(range),
        format: args.format,
        profile: args.profile,
        columns,
        filter: Filter { channels: set(&args.channels), senders: set(&args.senders) },
        reuse: !args.no_reuse,
        shape: Shape::of(&config.limits, config.worker.sha256),
    })
}
