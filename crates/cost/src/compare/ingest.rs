//! Straight into the table, or through a stream.

use super::{Case, Comparison, Way};
use crate::bill::Purpose;
use crate::items::Item;
use crate::money::Money;
use crate::sizes::percent;
use crate::units::{DAYS_A_MONTH, GB};
use crate::volumes::SECONDS_A_MONTH;

/// A stream is charged by whole KB of a record, Firehose by whole 5 KB, a put into a shard by whole 25 KB.
const KINESIS_RECORD: u128 = 1 << 10;
const FIREHOSE_RECORD: u128 = 5 << 10;
const SHARD_UNIT: u128 = 25 << 10;
/// What a shard takes (bytes a second), and how much room is left above the average.
const SHARD_BYTES: u128 = 1 << 20;
const SHARD_PERCENT: u64 = 125;
const DAY_SECONDS: u128 = 86_400;
/// A kafka.m7g.16xlarge takes so many times what a kafka.m7g.large takes.
const LARGER_BROKER: u128 = 15;
/// Small brokers that one cluster holds, about; beyond that they are large ones.
const SMALL_BROKERS: u128 = 30;
/// Copies of each message, which are also the zones that brokers are spread over; kept for a day.
const KAFKA_COPIES: u128 = 3;

/// Ways in.
pub(super) fn compare(case: &Case) -> Comparison {
    let compaction = case.bill.of_purpose(Purpose::Compaction);
    let direct = case.bill.of_purpose(Purpose::Ingest) + compaction;
    let record = |bytes: u128| case.v.messages * u128::from(case.a.message_bytes).div_ceil(bytes) * bytes;
    let stream = "the stream, then as above";
    let ways = vec![
        Way { name: "straight into the table", counted: "cores, requests, compaction", amount: direct },
        Way { name: "Kinesis, provisioned shards", counted: stream, amount: direct + shards(case) },
        Way { name: "Kinesis, on demand", counted: stream, amount: direct + on_demand(case, case.v.csv) },
        Way {
            name: "Kinesis, on demand, a record for each message",
            counted: stream,
            amount: direct + on_demand(case, record(KINESIS_RECORD)),
        },
        Way {
            name: "Data Firehose into the Iceberg table",
            counted: "Firehose writes the table; compaction",
            amount: compaction + case.buy(&[(Item::FirehoseTable, case.v.csv)]),
        },
        Way {
            name: "Data Firehose to Parquet, a record for each message",
            counted: "Firehose writes files; compaction",
            amount: compaction
                + case.buy(&[(Item::FirehosePut, record(FIREHOSE_RECORD)), (Item::FirehoseParquet, case.v.csv)]),
        },
        Way { name: "MSK", counted: "brokers and a day's messages, then as above", amount: direct + brokers(case) },
    ];
    Comparison { id: "ingest", title: "Bringing messages in", ways }
}

/// In, and out once.
fn on_demand(case: &Case, bytes: u128) -> Money {
    case.buy(&[(Item::KinesisIn, bytes), (Item::KinesisOut, case.v.csv), (Item::KinesisStream, SECONDS_A_MONTH)])
}

fn shards(case: &Case) -> Money {
    let month = DAYS_A_MONTH * DAY_SECONDS;
    let shards = percent(case.v.csv, SHARD_PERCENT).div_ceil(month * SHARD_BYTES);
    let units = case.v.csv.div_ceil(SHARD_UNIT);
    case.buy(&[(Item::KinesisShard, shards * SECONDS_A_MONTH), (Item::KinesisUnit, units)])
}

fn brokers(case: &Case) -> Money {
    let second = case.v.csv.div_ceil(DAYS_A_MONTH * DAY_SECONDS);
    let kept = case.v.csv.div_ceil(DAYS_A_MONTH) * KAFKA_COPIES;
    let small = u128::from(case.a.broker_megabytes_a_second) * 1_000_000;
    let needed = |takes: u128| second.div_ceil(takes).next_multiple_of(KAFKA_COPIES);
    let (item, brokers) = match needed(small) {
        brokers if brokers <= SMALL_BROKERS => (Item::MskLarge, brokers),
        _ => (Item::Msk16xlarge, needed(small * LARGER_BROKER)),
    };
    case.buy(&[(item, brokers * SECONDS_A_MONTH), (Item::MskStorage, kept.max(brokers * GB))])
}
