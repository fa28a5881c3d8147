//! A fleet of our own, or a service that runs queries.

use super::{Case, Comparison, Way};
use crate::bill::Purpose;
use crate::items::Item;
use crate::services::Service;
use crate::volumes::core_seconds;

/// Memory of a Spark worker, for each of its cores (GB).
const SPARK_GIGABYTES: u128 = 4;

/// Ways to make the files.
pub(super) fn compare(case: &Case) -> Comparison {
    let fleet = case.bill.sum(|line| line.purpose == Purpose::Exports && line.item.service() == Service::Ec2);
    let seconds = core_seconds(case.v.built_csv, case.a.spark_megabytes_a_second);
    let spark = [(Item::EmrCore, seconds), (Item::EmrMemory, seconds * SPARK_GIGABYTES)];
    let ways = vec![
        Way { name: "workers of our own", counted: "machines and disks, waiting included", amount: fleet },
        Way {
            name: "Athena UNLOAD",
            counted: "bytes scanned; gzipped CSV, no ZIP, no manifest, at most 100 partitions a query",
            amount: case.buy(&[(Item::AthenaScan, case.v.built_stored)]),
        },
        Way { name: "EMR Serverless", counted: "cores and memory of Spark, no waiting", amount: case.buy(&spark) },
    ];
    Comparison { id: "exports", title: "Making the files", ways }
}
