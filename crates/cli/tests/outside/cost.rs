//! `outhaul cost`: what is printed is what is committed, and what it refuses.

use std::fs;

use crate::support::{Outhaul, root};

#[test]
fn the_page_and_the_services_are_the_committed_ones() {
    let outhaul = Outhaul::new();
    for (args, file) in
        [(vec!["cost", "--format", "page"], "docs/cost.md"), (vec!["cost", "--services"], "deploy/services.toml")]
    {
        assert_eq!(outhaul.run(&args).expect(0).stdout, fs::read_to_string(root().join(file)).unwrap(), "{file}");
    }
    assert!(!outhaul.data().exists());
}

#[test]
fn scenarios_are_changed_by_files_and_by_names() {
    let outhaul = Outhaul::new();
    let cost = |more: &[&str]| {
        let value = outhaul.run(&[&["cost", "--preset", "small", "--json"], more].concat()).expect(0).json();
        value["total"].as_str().unwrap().replace('.', "").parse::<u64>().unwrap()
    };
    let scenario = outhaul.file("mine.toml");
    fs::write(&scenario, "organisations = 200\nspot_percent = 0\n").unwrap();
    let (preset, mine) = (cost(&[]), cost(&["--scenario", "mine.toml"]));
    let fewer = cost(&["--scenario", "mine.toml", "--set", "organisations=100"]);
    assert!(preset < fewer && fewer < mine, "{preset} {fewer} {mine}");
    let csv = outhaul.run(&["cost", "--preset", "small", "--format", "csv"]).expect(0).stdout;
    assert!(csv.starts_with("service,item,purpose,"), "{csv}");
    let svg = outhaul.run(&["cost", "--format", "svg"]).expect(0).stdout;
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
}

#[test]
fn what_cannot_be_reckoned_is_refused_by_name() {
    let outhaul = Outhaul::new();
    fs::write(outhaul.file("wrong.toml"), "spot_percent = 101\n").unwrap();
    fs::write(outhaul.file("prices.toml"), "as_of = '2026-01-01'\nregion = 'x'\nprice = []\n[sources]\n").unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["--set", "spot_percent=101"], "`spot_percent` must be from 0 to 100, not 101"),
        (&["--set", "spot=1"], "`spot` is no assumption"),
        (&["--scenario", "wrong.toml"], "wrong.toml: `spot_percent` must be from 0 to 100"),
        (&["--scenario", "absent.toml"], "cannot read absent.toml"),
        (&["--prices", "prices.toml"], "prices.toml: the price list has no price `s3.standard`"),
        (&["--format", "page", "--set", "zones=2"], "--format page is of the presets"),
        (&["--preset", "huge"], "`huge` is neither brief nor small"),
    ];
    for (args, expected) in cases {
        let ran = outhaul.run(&[&["cost"], args].concat()).expect(2);
        assert!(ran.stderr.contains(expected), "{ran:?}");
    }
}
