//! An analysis in words; the tables are the page's, too.

use super::table::Table;
use crate::analysis::Analysis;
use crate::assumptions::{ABOUT, About};
use crate::bill::Purpose;
use crate::compare::Comparison;
use crate::money::{Money, grouped};
use crate::prices::Trust;
use crate::sensitivity::{SHOWN, Swing};
use crate::services::{Part, Service};

/// For a terminal.
pub fn text(analysis: &Analysis) -> String {
    let mut text = format!("{}\n{}\n\n", analysis.title, summary(analysis));
    let mut section = |title: &str, table: &Table| {
        text += &format!("{title}\n{}\n", table.text());
    };
    section("Each service, a month", &services(analysis));
    section("What for", &purposes(analysis));
    section("What moves the total most, all else as assumed", &swings(analysis));
    for comparison in &analysis.comparisons {
        section(comparison.title, &ways(comparison));
    }
    section("Assumptions", &assumptions(analysis));
    text + &trust(analysis)
}

/// The three sums that are asked for first.
pub(super) fn summary(analysis: &Analysis) -> String {
    let total = analysis.bill.total();
    let exports = analysis.bill.of_purpose(Purpose::Exports);
    format!(
        "{total} a month, {} for each organisation; of exports, {} for one of a month, {} for one of a quarter, \
         {} for a gigabyte of CSV.",
        analysis.of_organisation(total),
        analysis.of_export(exports, 1),
        analysis.of_export(exports, 3),
        analysis.of_gigabyte(),
    )
}

pub(super) fn services(analysis: &Analysis) -> Table {
    let bill = &analysis.bill;
    let total = bill.total();
    let head = ["service", "a month", "share", "an organisation", "an export of a month", "driven by"];
    let mut table = Table::new(head);
    let mut row = |name: &str, amount: Money, exports: Money, driver: String| {
        let each = analysis.of_organisation(amount).to_string();
        let export = analysis.of_export(exports, 1).to_string();
        table.row([name.to_owned(), amount.to_string(), amount.share_of(total).to_string(), each, export, driver]);
    };
    for service in Service::ALL.iter().filter(|service| service.part() == Part::Paid) {
        let exports = bill.sum(|line| line.purpose == Purpose::Exports && line.item.service() == *service);
        row(service.name(), bill.of_service(*service), exports, driver(analysis, *service));
    }
    row("total", total, bill.of_purpose(Purpose::Exports), String::new());
    table
}

/// What most of a service is paid for.
fn driver(analysis: &Analysis, service: Service) -> String {
    let lines = analysis.bill.lines().iter().filter(|line| line.item.service() == service);
    lines.max_by_key(|line| line.amount).map(|line| line.what.to_owned()).unwrap_or_default()
}

pub(super) fn purposes(analysis: &Analysis) -> Table {
    let total = analysis.bill.total();
    let mut table = Table::new(["for", "a month", "share", "an organisation"]);
    for purpose in Purpose::ALL {
        let amount = analysis.bill.of_purpose(purpose);
        let each = analysis.of_organisation(amount).to_string();
        table.row([purpose.name().to_owned(), amount.to_string(), amount.share_of(total).to_string(), each]);
    }
    table
}

pub(super) fn swings(analysis: &Analysis) -> Table {
    let mut table = Table::new(["assumption", "assumed", "from", "total", "to", "total"]);
    for Swing { about, value, range, totals } in analysis.swings.iter().take(SHOWN) {
        let (number, quoted) = (|value: u64| grouped(value.into()), about.name.to_owned());
        let cells = [number(*value), number(range.0), totals.0.to_string(), number(range.1), totals.1.to_string()];
        let [assumed, low, of_low, high, of_high] = cells;
        table.row([quoted, assumed, low, of_low, high, of_high]);
    }
    table
}

pub(super) fn ways(comparison: &Comparison) -> Table {
    let mut table = Table::new(["way", "a month", "times the first", "counted"]);
    let first = comparison.ways[0].amount;
    for way in &comparison.ways {
        let times = way.amount.tenths_of(first).map(|tenths| format!("{}.{}", grouped(tenths / 10), tenths % 10));
        table.row([way.name.to_owned(), way.amount.to_string(), times.unwrap_or_default(), way.counted.to_owned()]);
    }
    table
}

pub(super) fn assumptions(analysis: &Analysis) -> Table {
    let mut table = Table::new(["name", "value", "from", "what it says"]);
    for About { name, what, basis, .. } in ABOUT {
        let value = analysis.assumptions.get(name).map(|value| grouped(value.into())).unwrap_or_default();
        table.row([(*name).to_owned(), value, basis.name().to_owned(), (*what).to_owned()]);
    }
    table
}

/// How much of the total rests on what kind of price.
pub(super) fn trust(analysis: &Analysis) -> String {
    let total = analysis.bill.total();
    let share = |trust: Trust| analysis.bill.of_trust(trust).share_of(total);
    format!(
        "{} of the total rests on unverified prices, {} on verified ones that were over a year old on {}.",
        share(Trust::Unverified),
        share(Trust::Old),
        analysis.bill.prices().as_of,
    )
}
