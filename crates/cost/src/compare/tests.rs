//! Other ways by hand, on the round numbers of the model's tests.

use super::*;
use crate::model;
use crate::model::tests::round;
use crate::scenario::Preset;

fn amount(comparisons: &[Comparison], name: &str) -> Money {
    let way = comparisons.iter().flat_map(|comparison| &comparison.ways).find(|way| way.name == name);
    way.unwrap_or_else(|| panic!("{name}")).amount
}

#[test]
fn ways_by_hand() {
    let (a, prices) = (round(), PriceList::embedded());
    let bill = model::bill(&a, &prices);
    let found = comparisons(&a, &bill);
    let direct = amount(&found, "straight into the table");
    let compaction = bill.of_purpose(Purpose::Compaction);
    assert_eq!(direct, bill.of_purpose(Purpose::Ingest) + compaction);
    let cases = [
        // 24 PB are 22,351,741.79 GB, at .08 in and .04 out; a stream for 730 hours.
        ("Kinesis, on demand", direct, "2682238.21"),
        // Each message of 200 bytes counts as 1,024 on the way in.
        ("Kinesis, on demand, a record for each message", direct, "10049372.31"),
        // 9.26 GB/s and a quarter are 11,038 shards; 937.5 billion units of 25 KB.
        ("Kinesis, provisioned shards", direct, "133991.10"),
        // 262,144 GB at .045, 786,432 at .038, the rest at .032.
        ("Data Firehose into the Iceberg table", compaction, "723382.20"),
        // Each message counts as 5,120 bytes; and .018 for Parquet.
        ("Data Firehose to Parquet, a record for each message", compaction, "11858711.15"),
        // 63 brokers for 730 hours, and three copies of 800 TB.
        ("MSK", direct, "523740.14"),
        // 4,365.57 TB at 5.
        ("Athena UNLOAD", Money::ZERO, "21827.87"),
        // 133,333 hours at .052624 + 4 x .0057785.
        ("EMR Serverless", Money::ZERO, "10098.40"),
        ("over the internet", Money::ZERO, "227399.62"),
        ("through CloudFront", Money::ZERO, "126268.79"),
        // 894,070 copies of 5 GiB and three requests for each of 2,000 archives.
        ("into the customer's bucket in the region", Money::ZERO, "4.50"),
    ];
    for (name, beside, dollars) in cases {
        assert_eq!((amount(&found, name) - beside).plain(), dollars, "{name}");
    }
}

#[test]
fn few_messages_need_three_small_brokers() {
    let (a, prices) = (Preset::Small.assumptions(), PriceList::embedded());
    let bill = model::bill(&a, &prices);
    let found = comparisons(&a, &bill);
    // 3 x .204 for 730 hours; 46,296 bytes a second for a day and three times are 11.18 GB at .10.
    let brokers = amount(&found, "MSK") - amount(&found, "straight into the table");
    assert_eq!(brokers.plain(), "447.88");
}

#[test]
fn what_is_built_is_on_the_bill() {
    let prices = PriceList::embedded();
    for preset in Preset::ALL {
        let a = preset.assumptions();
        let bill = model::bill(&a, &prices);
        let found = comparisons(&a, &bill);
        let requests = prices.of(Item::S3Get).of(0, Volumes::new(&a).exports());
        assert_eq!(amount(&found, "over the internet"), bill.of_item(Item::S3Internet) + requests);
    }
}
