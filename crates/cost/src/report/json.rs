//! An analysis for machines. Amounts are decimal strings: a JSON number would be a float to many readers.

use serde::Serialize;

use crate::analysis::Analysis;
use crate::assumptions::{ABOUT, About};
use crate::bill::Purpose;
use crate::prices::Trust;
use crate::services::{Part, Service};

/// All of it.
#[derive(Debug, Serialize)]
pub struct Output {
    title: String,
    currency: &'static str,
    region: String,
    prices_as_of: String,
    total: String,
    an_organisation: String,
    an_export_of_a_month: String,
    an_export_of_a_quarter: String,
    a_gigabyte_of_csv: String,
    unverified: String,
    over_a_year_old: String,
    services: Vec<Sum>,
    purposes: Vec<Sum>,
    lines: Vec<Line>,
    sensitivity: Vec<Swing>,
    comparisons: Vec<Comparison>,
    assumptions: Vec<Assumption>,
}

#[derive(Debug, Serialize)]
struct Sum {
    name: &'static str,
    amount: String,
    an_organisation: String,
}

#[derive(Debug, Serialize)]
struct Line {
    item: &'static str,
    service: &'static str,
    purpose: &'static str,
    what: &'static str,
    quantity: String,
    unit: &'static str,
    amount: String,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct Swing {
    assumption: &'static str,
    value: u64,
    low: u64,
    total_at_low: String,
    high: u64,
    total_at_high: String,
}

#[derive(Debug, Serialize)]
struct Comparison {
    id: &'static str,
    ways: Vec<Way>,
}

#[derive(Debug, Serialize)]
struct Way {
    name: &'static str,
    amount: String,
    counted: &'static str,
}

#[derive(Debug, Serialize)]
struct Assumption {
    name: &'static str,
    value: Option<u64>,
    basis: &'static str,
    what: &'static str,
}

impl From<&Analysis<'_>> for Output {
    fn from(analysis: &Analysis<'_>) -> Self {
        let (bill, prices) = (&analysis.bill, analysis.bill.prices());
        let exports = bill.of_purpose(Purpose::Exports);
        Self {
            title: analysis.title.clone(),
            currency: "USD",
            region: prices.region.clone(),
            prices_as_of: prices.as_of.to_string(),
            total: bill.total().plain(),
            an_organisation: analysis.of_organisation(bill.total()).plain(),
            an_export_of_a_month: analysis.of_export(exports, 1).plain(),
            an_export_of_a_quarter: analysis.of_export(exports, 3).plain(),
            a_gigabyte_of_csv: analysis.of_gigabyte().plain(),
            unverified: bill.of_trust(Trust::Unverified).plain(),
            over_a_year_old: bill.of_trust(Trust::Old).plain(),
            services: services(analysis),
            purposes: purposes(analysis),
            lines: lines(analysis),
            sensitivity: sensitivity(analysis),
            comparisons: comparisons(analysis),
            assumptions: assumptions(analysis),
        }
    }
}

fn services(analysis: &Analysis) -> Vec<Sum> {
    let paid = Service::ALL.iter().filter(|service| service.part() == Part::Paid);
    paid.map(|service| sum(analysis, service.name(), analysis.bill.of_service(*service))).collect()
}

fn purposes(analysis: &Analysis) -> Vec<Sum> {
    Purpose::ALL.map(|purpose| sum(analysis, purpose.name(), analysis.bill.of_purpose(purpose))).into()
}

fn sum(analysis: &Analysis, name: &'static str, amount: crate::money::Money) -> Sum {
    Sum { name, amount: amount.plain(), an_organisation: analysis.of_organisation(amount).plain() }
}

fn lines(analysis: &Analysis) -> Vec<Line> {
    let prices = analysis.bill.prices();
    let line = |line: &crate::bill::Line| Line {
        item: line.item.id(),
        service: line.item.service().id(),
        purpose: line.purpose.name(),
        what: line.what,
        quantity: line.item.unit().decimal(line.quantity),
        unit: line.item.unit().name(),
        amount: line.amount.plain(),
        status: prices.trust(prices.of(line.item)).name(),
    };
    analysis.bill.lines().iter().map(line).collect()
}

fn sensitivity(analysis: &Analysis) -> Vec<Swing> {
    let swing = |swing: &crate::sensitivity::Swing| Swing {
        assumption: swing.about.name,
        value: swing.value,
        low: swing.range.0,
        total_at_low: swing.totals.0.plain(),
        high: swing.range.1,
        total_at_high: swing.totals.1.plain(),
    };
    analysis.swings.iter().map(swing).collect()
}

fn comparisons(analysis: &Analysis) -> Vec<Comparison> {
    let way = |way: &crate::compare::Way| Way { name: way.name, amount: way.amount.plain(), counted: way.counted };
    let comparisons = analysis.comparisons.iter();
    comparisons.map(|found| Comparison { id: found.id, ways: found.ways.iter().map(way).collect() }).collect()
}

fn assumptions(analysis: &Analysis) -> Vec<Assumption> {
    let one = |About { name, what, basis, .. }: &'static About| Assumption {
        name,
        value: analysis.assumptions.get(name),
        basis: basis.name(),
        what,
    };
    ABOUT.iter().map(one).collect()
}
