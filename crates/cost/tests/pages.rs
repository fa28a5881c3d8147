//! What is committed is what the model says today; `UPDATE_SNAPSHOTS=1` writes it anew.

use std::fs;
use std::path::PathBuf;

use cost::analysis::Analysis;
use cost::assumptions::Assumptions;
use cost::prices::PriceList;
use cost::report::{chart, csv, json, page, text};
use cost::scenario::Preset;
use cost::services;

fn checkout(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn check(path: &str, made: &str) {
    let file = checkout(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, made).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == made, "{path} differs from the model: run the tests with UPDATE_SNAPSHOTS=1, read the diff");
}

fn with_preset(preset: Preset, look: impl FnOnce(&Analysis)) {
    look(&Analysis::new(preset.title(), preset.assumptions(), &PriceList::embedded()));
}

#[test]
fn the_page_is_the_committed_one() {
    check("docs/cost.md", &page::page(&PriceList::embedded()));
}

#[test]
fn the_charts_are_the_committed_ones() {
    for preset in Preset::ALL {
        with_preset(preset, |analysis| check(&format!("deploy/cost/{}.svg", preset.name()), &chart::svg(analysis)));
    }
}

#[test]
fn the_list_of_services_is_the_committed_one() {
    check("deploy/services.toml", &services::list());
}

#[test]
fn speed_is_the_measured_one() {
    let page = fs::read_to_string(checkout("docs/performance.md")).unwrap();
    let row = page.lines().find(|line| line.starts_with("| zip | Outhaul |")).expect("performance.md has the row");
    let cpu: f64 = row.split('|').nth(4).unwrap().trim().parse().unwrap();
    let row = page.lines().find(|line| line.starts_with("| csv | Outhaul |")).expect("performance.md has the row");
    let megabytes: f64 = row.split('|').nth(7).unwrap().trim().parse().unwrap();
    for preset in Preset::ALL {
        let assumed = preset.assumptions().export_megabytes_a_second;
        assert_eq!(assumed, (megabytes / cpu) as u64, "{}: {megabytes} MB of CSV in {cpu} s of CPU", preset.name());
    }
}

#[test]
fn csv_adds_up_to_the_total() {
    with_preset(Preset::Small, |analysis| {
        let text = csv::csv(analysis);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let column = reader.headers().unwrap().iter().position(|name| name == "dollars").unwrap();
        let cents = |row: ::csv::StringRecord| row[column].replace('.', "").parse::<u128>().unwrap();
        let sum: u128 = reader.records().map(|row| cents(row.unwrap())).sum();
        assert_eq!(sum, analysis.bill.total().0);
    });
}

#[test]
fn json_adds_up_to_the_total() {
    with_preset(Preset::Brief, |analysis| {
        let value = serde_json::to_value(json::Output::from(analysis)).unwrap();
        let cents = |value: &serde_json::Value| value.as_str().unwrap().replace('.', "").parse::<u128>().unwrap();
        for list in ["lines", "services", "purposes"] {
            let sum: u128 = value[list].as_array().unwrap().iter().map(|row| cents(&row["amount"])).sum();
            assert_eq!(sum, cents(&value["total"]), "{list}");
        }
        assert_eq!(value["assumptions"][0]["value"], 2_000);
        assert_eq!(value["currency"], "USD");
    });
}

#[test]
fn text_says_the_total_once_and_names_every_service() {
    with_preset(Preset::Small, |analysis| {
        let text = text::text(analysis);
        assert!(text.contains(&analysis.bill.total().to_string()));
        for service in services::Service::used().filter(|service| service.part() == services::Part::Paid) {
            assert!(text.contains(service.name()), "{service}");
        }
        assert!(text.lines().all(|line| line == line.trim_end()));
    });
}

#[test]
fn nothing_exported_costs_nothing_each() {
    let mut assumptions: Assumptions = Preset::Small.assumptions();
    for name in ["month_exports_a_hundred", "quarter_exports_a_hundred"] {
        assumptions.set(name, 0).unwrap();
    }
    let prices = PriceList::embedded();
    let analysis = Analysis::new("none", assumptions, &prices);
    assert_eq!(analysis.of_gigabyte().plain(), "0.00");
    assert!(chart::svg(&analysis).ends_with("</svg>\n"));
}
