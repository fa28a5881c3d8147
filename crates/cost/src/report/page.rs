//! `docs/cost.md`: both presets, how to enter them in AWS's calculator, every assumption and every price.

use super::table::Table;
use super::text;
use crate::analysis::Analysis;
use crate::assumptions::{ABOUT, About, Spread};
use crate::money::grouped;
use crate::prices::{Price, PriceList, Tier};
use crate::scenario::Preset;
use crate::services::{Part, Service};

const BEGINNING: &str = "# What it costs on AWS

Written by `outhaul cost --format page`; a test compares it. `outhaul cost` reckons any other case: `--preset`, a file of assumptions
(`--scenario`), single ones (`--set internet_percent=0`), other prices (`--prices`); as text, `--json`, `--format csv` and `--format svg`.

How it is reckoned: a month has 30 days of messages and 730 paid hours, as in AWS's calculator; a GB is 2^30 bytes. Nothing is a float.
Quantities are whole bytes, requests and seconds, prices whole billionths of a dollar, each line is rounded once, to the cent, and every
total is a sum of lines. Tiers count over the whole account, so lines of one item share them. Without tax, support plan, and discounts that
are agreed on; one installation of the services below, in one region.
What an estimate says of sizes before an export (`rates.csv_percent`, `rates.compressed_percent`) is the same rule with the same defaults.
";

const CALCULATOR: &str = "In the [AWS Pricing Calculator](https://calculator.aws/): region US East (N. Virginia), then for each line the \
service, the field behind it and the quantity. The names of fields follow AWS's price lists and were not compared with the calculator's \
pages, which change. One field for several lines of the bill gets their sum. AWS rounds at other places, so single cents may differ.
";

/// The whole page.
pub fn page(prices: &PriceList) -> String {
    let presets = Preset::ALL.map(|preset| (preset, Analysis::new(preset.title(), preset.assumptions(), prices)));
    let mut page = BEGINNING.to_owned();
    for (preset, analysis) in &presets {
        page += &scenario(*preset, analysis);
    }
    page += &format!("\n## Services\n\n{}", services());
    page += &format!("\n## Assumptions\n\n{FROM}\n{}", assumptions(&presets.map(|(_, analysis)| analysis)));
    page + &format!("\n## Prices\n\n{}", price_list(prices))
}

const FROM: &str = "Values come from the question (asked), from a measurement (measured: exports in [performance.md](performance.md), on \
another processor than the one that is priced; bringing in: one run of 600,000 messages), from the program's own constants (program), or were \
chosen. The range is what the sensitivity looks at. The reasons stand beside the values in `deploy/cost/brief.toml` and `deploy/cost/small.toml`.
";

fn scenario(preset: Preset, analysis: &Analysis) -> String {
    let mut part = format!("\n## {}\n\n{}\n{}\n", analysis.title, text::summary(analysis), text::trust(analysis));
    part += &format!("\n![Services, purposes and what moves the total](../deploy/cost/{}.svg)\n", preset.name());
    let mut section = |title: &str, table: &Table| part += &format!("\n### {title}\n\n{}", table.markdown());
    section("Each service", &text::services(analysis));
    section("What for", &text::purposes(analysis));
    section("What moves the total most, all else as assumed", &text::swings(analysis));
    for comparison in &analysis.comparisons {
        section(comparison.title, &text::ways(comparison));
    }
    part + &format!("\n### In AWS's calculator\n\n{CALCULATOR}\n{}", calculator(analysis).markdown())
}

/// What is entered where, and what should come out.
fn calculator(analysis: &Analysis) -> Table {
    let bill = &analysis.bill;
    let mut table = Table::new(["service > field", "quantity", "in", "a month", "price"]);
    for (item, quantity) in bill.quantities() {
        let price = bill.prices().of(item);
        let unit = item.unit();
        let trust = bill.prices().trust(price).name().to_owned();
        let amount = bill.of_item(item).to_string();
        table.row([price.calculator.clone(), unit.quantity(quantity), unit.entered().to_owned(), amount, trust]);
    }
    table
}

fn services() -> String {
    let names = |part: Part| {
        let services = Service::ALL.iter().filter(|service| service.part() == part);
        services.map(|service| service.name()).collect::<Vec<_>>().join(", ")
    };
    format!(
        "On the bill: {}.\n\nUsed, and free as they are used: {}.\n\nOnly compared with: {}.\n",
        names(Part::Paid),
        names(Part::Free),
        names(Part::Compared),
    )
}

fn assumptions(analyses: &[Analysis]) -> String {
    let [brief, small] = analyses else { return String::new() };
    let mut table = Table::new(["name", "brief", "small", "range", "from", "what it says"]);
    for About { name, what, basis, spread, .. } in ABOUT {
        let value = |analysis: &Analysis| grouped(analysis.assumptions.get(name).unwrap_or_default().into());
        let cells = [format!("`{name}`"), value(brief), value(small), range(*spread), basis.name().to_owned()];
        let [name, of_brief, of_small, range, basis] = cells;
        table.row([name, of_brief, of_small, range, basis, (*what).to_owned()]);
    }
    table.markdown()
}

fn range(spread: Spread) -> String {
    match spread {
        Spread::None => String::new(),
        Spread::Double => "half to double".to_owned(),
        Spread::Between(low, high) => format!("{} to {}", grouped(low.into()), grouped(high.into())),
    }
}

fn price_list(prices: &PriceList) -> String {
    let mut table = Table::new(["price", "what", "dollars", "for a", "where", "source", "date", "status"]);
    for price in prices.all() {
        table.row([
            format!("`{}`", price.item.id()),
            price.what.clone(),
            dollars(price),
            price.item.unit().name().to_owned(),
            price.region.clone(),
            price.source.clone(),
            price.date.map(|date| date.to_string()).unwrap_or_default(),
            prices.trust(price).name().to_owned(),
        ]);
    }
    let sources = prices.sources.iter().map(|(key, what)| format!("- {key}: {what}\n"));
    format!(
        "From `deploy/cost/prices.toml`, put together on {}. A price that is more than a year older must be looked up on AWS's pages before \
         anybody relies on it.\n\n{}\n{}",
        prices.as_of,
        table.markdown(),
        sources.collect::<String>(),
    )
}

/// `0.023 to 51,200, 0.022 to 512,000, then 0.021`.
fn dollars(price: &Price) -> String {
    let one = |Tier { to, price: dollars }: &Tier| match to {
        Some(to) => format!("{} to {}", dollars.plain(), grouped(*to)),
        None if price.tiers.len() > 1 => format!("then {}", dollars.plain()),
        None => dollars.plain(),
    };
    price.tiers.iter().map(one).collect::<Vec<_>>().join(", ")
}
