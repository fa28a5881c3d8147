//! The embedded list, lists that are refused, and tiers by hand.

use super::*;
use crate::units::{GB, HOUR};

/// The embedded list with one text replaced, which must be there.
fn with(from: &str, to: &str) -> Result<PriceList, PriceError> {
    assert!(TEXT.contains(from), "`{from}` is not in the list");
    PriceList::parse(&TEXT.replacen(from, to, 1))
}

#[test]
fn the_embedded_list_is_whole() {
    let list = PriceList::embedded();
    assert_eq!(list.all().len(), Item::ALL.len());
    for (item, price) in Item::ALL.iter().zip(list.all()) {
        assert_eq!(price.item, *item);
        assert_eq!(list.of(*item), price);
        assert!(!price.what.is_empty() && !price.calculator.is_empty(), "{}", item.id());
    }
    let used = |key: &String| list.all().iter().any(|price| price.source == *key);
    assert!(list.sources.keys().all(used), "a source that no price names");
}

#[test]
fn a_wrong_list_is_refused_by_name() {
    let first = "id = \"s3.standard\"\n";
    let cases = [
        (first, "id = \"s3.other\"\n", "price `s3.other`: id is of nothing"),
        (first, "id = \"s3.put\"\n", "price `s3.put`: unit is `GB-month`, the model counts `thousand`"),
        (first, "", "missing field `id`"),
        ("unit = \"GB-month\"", "unit = \"GB-months\"", "unknown variant `GB-months`"),
        ("to = 512_000", "to = 51_200", "price `s3.standard`: tiers must rise"),
        ("to = 51_200", "to = 0", "price `s3.standard`: tiers must rise"),
        ("dollars = \"0.023\"", "dollars = \"0,023\"", "price `s3.standard`: dollars `0,023`"),
        ("dollars = \"0.0125\"", "dollars = \"-1\"", "price `s3.infrequent`: dollars `-1`"),
        ("dollars = \"0.0125\"", "tiers = []", "price `s3.infrequent`: tiers must not be empty"),
        ("dollars = \"0.0125\"", "", "price `s3.infrequent`: dollars or tiers must be given"),
        (
            "region = \"us-east-1\"\nsource",
            "region = \"eu-west-1\"\nsource",
            "price `s3.standard`: region is `eu-west-1`",
        ),
        ("source = \"watcher\"", "source = \"hearsay\"", "price `s3.standard`: source `hearsay`"),
        ("date = \"2025-06-05\"\n", "", "price `s3.standard`: date is missing"),
        ("date = \"2025-06-05\"", "date = \"2025-06-31\"", "price `s3.standard`: date `2025-06-31` must be a day"),
        ("status = \"verified\"", "status = \"sure\"", "unknown variant `sure`"),
    ];
    for (from, to, expected) in cases {
        let error = with(from, to).unwrap_err().to_string();
        assert!(error.contains(expected), "{from:?} -> {to:?}: {error}");
    }
    let cut = TEXT.rfind("[[price]]").unwrap();
    assert_eq!(
        PriceList::parse(&TEXT[..cut]).unwrap_err().to_string(),
        "the price list has no price `cloudfront.request`"
    );
    let twice = format!("{TEXT}\n{}", &TEXT[cut..]);
    assert_eq!(PriceList::parse(&twice).unwrap_err().to_string(), "price `cloudfront.request`: id stands twice");
}

#[test]
fn tiers_are_paid_one_after_the_other() {
    let list = PriceList::embedded();
    let cents = |item: Item, quantity: u128| list.of(item).of(0, quantity).0;
    // 51,200 GB at .023, 460,800 at .022, the rest at .021.
    assert_eq!(cents(Item::S3Standard, 51_200 * GB), 117_760);
    assert_eq!(cents(Item::S3Standard, 51_201 * GB), 117_762);
    assert_eq!(cents(Item::S3Standard, 512_100 * GB), 117_760 + 1_013_760 + 210);
    // The first 100 GB are free.
    assert_eq!(cents(Item::S3Internet, 100 * GB), 0);
    assert_eq!(cents(Item::S3Internet, 101 * GB), 9);
    assert_eq!(cents(Item::S3Internet, 10_240 * GB), 91_260);
    // 730 hours at .10; a thousand at .0004 is nothing yet, 12,500 half a cent, which is rounded up.
    assert_eq!(cents(Item::EksCluster, 730 * HOUR), 7_300);
    assert_eq!([1_000, 12_499, 12_500].map(|requests| cents(Item::S3Get, requests)), [0, 0, 1]);
}

#[test]
fn a_year_makes_a_price_old() {
    let list = PriceList::embedded();
    let mut price = list.of(Item::S3Standard).clone();
    let day = |text: &str| Some(text.parse().unwrap());
    let cases = [
        (Status::Verified, day("2025-11-22"), Trust::Fresh),
        (Status::Verified, day("2025-11-21"), Trust::Old),
        (Status::Unverified, day("2026-11-01"), Trust::Unverified),
    ];
    for (status, date, trust) in cases {
        (price.status, price.date) = (status, date);
        assert_eq!(list.trust(&price), trust, "{date:?}");
    }
}

proptest::proptest! {
    #[test]
    fn pieces_cost_what_the_whole_costs(item in 0..Item::ALL.len(), one in 0..u128::from(u64::MAX), next in 0..u128::from(u64::MAX)) {
        let list = PriceList::embedded();
        let price = list.of(Item::ALL[item]);
        proptest::prop_assert_eq!(price.of(0, one) + price.of(one, next), price.of(0, one + next));
        proptest::prop_assert!(price.of(0, one) <= price.of(0, one + next));
    }
}
