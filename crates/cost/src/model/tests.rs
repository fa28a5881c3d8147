//! Bills by hand, and what holds of every bill.

use proptest::prelude::*;

use super::*;
use crate::assumptions::{ABOUT, Spread};
use crate::bill::{Line, Purpose};
use crate::items::Item;
use crate::money::Money;
use crate::scenario::Preset;
use crate::services::{Part, Service};
use crate::volumes::SECONDS_A_MONTH;

/// The round numbers that were reckoned by hand: 24 PB of CSV a month, a fifth of it stored and a fifth of it as zip, 200 MB a second and
/// core, machines that never wait, one export a month.
pub fn round() -> Assumptions {
    let mut a = Preset::Brief.assumptions();
    let values = [
        ("csv_percent", 500),
        ("compressed_percent", 100),
        ("export_megabytes_a_second", 200),
        ("busy_percent", 100),
        ("spot_percent", 0),
        ("quarter_exports_a_hundred", 0),
    ];
    for (name, value) in values {
        a.set(name, value).unwrap();
    }
    a
}

fn with(changes: &[(&str, i128)]) -> Assumptions {
    let mut a = round();
    for (name, value) in changes {
        a.set(name, *value).unwrap();
    }
    a
}

fn check(a: &Assumptions, is_asked: impl Fn(&Line) -> bool, dollars: &str) {
    assert_eq!(bill(a, &PriceList::embedded()).sum(is_asked).plain(), dollars);
}

fn storage(line: &Line) -> bool {
    line.purpose == Purpose::Keeping && line.item != Item::S3ToInfrequent
}

#[test]
fn keeping_by_hand() {
    // 4.8 PB are 4,470,348.358 GB: 51,200 x .023 + 460,800 x .022 + 3,958,348.358 x .021.
    check(&with(&[("retention_months", 1), ("standard_months", 1)]), storage, "94440.52");
    // Twelve times as much, all in Standard: the tiers are left behind sooner.
    check(&with(&[("retention_months", 12), ("standard_months", 12)]), storage, "1127090.99");
    // Eleven of them in Standard-IA at .0125: 614,672.90, a line of its own.
    check(&with(&[("retention_months", 12), ("standard_months", 1)]), storage, "709113.42");
}

#[test]
fn moving_into_the_cheaper_class_by_hand() {
    // 4.8 PB in files of 512 MiB are 8,940,697 files with as many sums, each thousand .01.
    let moved = |line: &Line| line.item == Item::S3ToInfrequent;
    check(&with(&[("retention_months", 2), ("standard_months", 1)]), moved, "178.81");
    check(&with(&[("retention_months", 2), ("standard_months", 2)]), moved, "0.00");
}

#[test]
fn work_by_hand() {
    // 24 PB at 200 MB/s are 33,333 hours of cores, 2,083 of machines with sixteen.
    let cases = [
        (vec![], "1208.33"),
        (vec![("spot_percent", 100)], "543.75"),
        (vec![("reused_percent", 50)], "604.17"),
        (vec![("busy_percent", 50)], "2416.67"),
        (vec![("export_megabytes_a_second", 100)], "2416.67"),
    ];
    let prices = PriceList::embedded();
    for (changes, dollars) in cases {
        let bill = bill(&with(&changes), &prices);
        let work =
            |line: &&Line| line.purpose == Purpose::Exports && [Item::Ec2Work, Item::Ec2WorkSpot].contains(&line.item);
        // As if bought alone: on the bill a line begins where the one before ended, which may move a cent between them.
        let alone = |line: &Line| prices.of(line.item).of(0, line.quantity);
        assert_eq!(bill.lines().iter().filter(work).map(alone).sum::<Money>().plain(), dollars, "{changes:?}");
    }
}

#[test]
fn the_way_out_by_hand() {
    // 10,140 GB at .09 behind 100 free ones, 40,960 at .085, 102,400 at .07, 4,316,748.358 at .05.
    let out = |line: &Line| line.item == Item::S3Internet;
    check(&round(), out, "227399.62");
    check(&with(&[("internet_percent", 0)]), out, "0.00");
}

#[test]
fn a_small_platform_by_hand() {
    let a = Preset::Small.assumptions();
    // Of 730 hours each: .10; 2 x .0816; .478; 2 x .1752; .0225; 3 x .005 for the balancer and as much for NAT; 3 x .045.
    let items = [
        (Item::EksCluster, "73.00"),
        (Item::Ec2Node, "119.14"),
        (Item::RdsSmallInstance, "94.17"),
        (Item::RdsInstance, "0.00"),
        (Item::ElastiCacheSmallNode, "37.38"),
        (Item::ElastiCacheNode, "0.00"),
        (Item::ElbBalancer, "16.43"),
        (Item::VpcAddress, "21.90"),
        (Item::VpcNat, "98.55"),
        (Item::CloudWatchMetric, "15.00"),
        (Item::SecretsManagerSecret, "2.00"),
        (Item::KmsKey, "2.00"),
    ];
    for (item, dollars) in items {
        check(&a, |line| line.item == item, dollars);
    }
    let of_platform = |item| move |line: &Line| line.purpose == Purpose::Platform && line.item == item;
    // A quarter of a machine of 16 cores on spot; two disks of 100 GB.
    check(&a, of_platform(Item::Ec2WorkSpot), "47.63");
    check(&a, of_platform(Item::Ec2Disk), "16.00");
    // The sizes above the least.
    let larger = with(&[("database_size", 2), ("cache_size", 1), ("cache_nodes", 3)]);
    check(&larger, |line| line.item == Item::RdsInstance, "697.88");
    check(&larger, |line| line.item == Item::ElastiCacheNode, "383.69");
}

#[test]
fn tiers_count_over_the_whole_bill() {
    let prices = PriceList::embedded();
    let bill = bill(&Preset::Brief.assumptions(), &prices);
    for (item, quantity) in bill.quantities() {
        assert_eq!(bill.of_item(item), prices.of(item).of(0, quantity), "{}", item.id());
    }
}

#[test]
fn every_paid_service_is_on_each_bill_and_no_other() {
    let prices = PriceList::embedded();
    for preset in Preset::ALL {
        let bill = bill(&preset.assumptions(), &prices);
        for service in Service::ALL {
            let is_on_it = bill.lines().iter().any(|line| line.item.service() == *service);
            assert_eq!(is_on_it, service.part() == Part::Paid, "{service}");
        }
    }
}

#[test]
fn the_greatest_scenario_stays_in_range() {
    let mut a = Preset::Brief.assumptions();
    let prices = PriceList::embedded();
    for is_dearest in [true, false] {
        for about in ABOUT {
            let is_divisor = ["csv_percent", "busy_percent", "upload_bytes", "read_bytes", "segment_rows"]
                .contains(&about.name)
                || about.name.ends_with("megabytes_a_second");
            let value = if is_divisor == is_dearest { about.limits.start() } else { about.limits.end() };
            a.set(about.name, (*value).into()).unwrap();
        }
        let bill = bill(&a, &prices);
        assert!(crate::compare::comparisons(&a, &bill).iter().all(|comparison| comparison.ways.len() > 1));
    }
}

/// Assumptions of which less is dearer.
const CHEAPENING: [&str; 11] = [
    "csv_percent",
    "standard_months",
    "ingest_megabytes_a_second",
    "compaction_megabytes_a_second",
    "reused_percent",
    "export_megabytes_a_second",
    "busy_percent",
    "spot_percent",
    "segment_rows",
    "upload_bytes",
    "read_bytes",
];

/// A scenario anywhere near the small one.
fn scenarios() -> impl Strategy<Value = Assumptions> {
    proptest::collection::vec(0u64..=400, ABOUT.len()).prop_map(|percents| {
        let mut a = Preset::Small.assumptions();
        for (about, percent) in ABOUT.iter().zip(percents) {
            let value = a.get(about.name).unwrap() * percent / 100;
            a.set(about.name, value.clamp(*about.limits.start(), *about.limits.end()).into()).unwrap();
        }
        a
    })
}

proptest! {
    #[test]
    fn sums_of_all_kinds_are_the_total(a in scenarios()) {
        let prices = PriceList::embedded();
        let bill = bill(&a, &prices);
        let total = bill.total();
        prop_assert_eq!(Service::ALL.iter().map(|service| bill.of_service(*service)).sum::<Money>(), total);
        prop_assert_eq!(Purpose::ALL.iter().map(|purpose| bill.of_purpose(*purpose)).sum::<Money>(), total);
        prop_assert_eq!(Item::ALL.iter().map(|item| bill.of_item(*item)).sum::<Money>(), total);
        use crate::prices::Trust::{Fresh, Old, Unverified};
        prop_assert_eq!([Fresh, Old, Unverified].map(|trust| bill.of_trust(trust)).into_iter().sum::<Money>(), total);
    }

    #[test]
    fn more_of_anything_is_never_cheaper(a in scenarios(), index in 0..ABOUT.len(), percent in 100u64..=300) {
        let about = &ABOUT[index];
        // Months in Standard-IA are cheaper to keep and dearer to read.
        prop_assume!(about.name != "standard_months");
        let prices = PriceList::embedded();
        let value = a.get(about.name).unwrap();
        let mut other = a.clone();
        other.set(about.name, (value * percent / 100).min(*about.limits.end()).into()).unwrap();
        let (before, after) = (bill(&a, &prices).total(), bill(&other, &prices).total());
        let is_right = if CHEAPENING.contains(&about.name) { after <= before } else { after >= before };
        prop_assert!(is_right, "{} {value}: {before} -> {after}", about.name);
    }
}

#[test]
fn each_assumption_in_doubt_moves_a_bill() {
    let prices = PriceList::embedded();
    let mut a = Preset::Brief.assumptions();
    a.set("reused_percent", 10).unwrap();
    let total = bill(&a, &prices).total();
    for about in ABOUT.iter().filter(|about| about.spread != Spread::None) {
        let mut other = a.clone();
        let (low, high) = about.range(a.get(about.name).unwrap()).unwrap();
        let moves = [low, high].into_iter().any(|value| {
            other.set(about.name, value.into()).unwrap();
            bill(&other, &prices).total() != total
        });
        assert!(moves, "{}", about.name);
    }
}

#[test]
fn a_month_has_730_hours() {
    assert_eq!(Item::EksCluster.unit().quantity(SECONDS_A_MONTH), "730");
}
