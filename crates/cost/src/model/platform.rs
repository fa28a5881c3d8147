//! What runs whether anybody exports or not.

use super::work;
use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::units::{DAYS_A_MONTH, GB};
use crate::volumes::{SECONDS_A_MONTH, Volumes};

/// Size of the images that are kept: this program's, in a few versions.
const IMAGE_BYTES: u128 = GB;
/// Health checks of Route 53, one for each region.
const HEALTH_CHECKS: u128 = 1;
/// Cores of the machine that work is priced by.
const CORES: u128 = 16;
/// A pod asks for its secrets anew each hour.
const SECRET_READS_A_MONTH: u128 = 730;

/// Machines, stores, network and watching.
pub fn add(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    machines(bill, a);
    stores(bill, a);
    network(bill, a, v);
    keys(bill, a);
    watching(bill, a, v);
}

fn machines(bill: &mut Bill, a: &Assumptions) {
    let nodes = u128::from(a.nodes) * SECONDS_A_MONTH;
    bill.add(Purpose::Platform, Item::EksCluster, "control plane", SECONDS_A_MONTH);
    bill.add(Purpose::Platform, Item::Ec2Node, "machines for API and cluster", nodes);
    bill.add(Purpose::Platform, Item::Ec2Disk, "their disks", work::disk(a, nodes));
    let idle = (u128::from(a.idle_cores) * SECONDS_A_MONTH).div_ceil(CORES);
    bill.add(Purpose::Platform, Item::Ec2WorkSpot, "machines that wait for work", idle);
    bill.add(Purpose::Platform, Item::EcrStorage, "images", IMAGE_BYTES);
}

fn stores(bill: &mut Bill, a: &Assumptions) {
    let (database, size) = match a.database_size {
        0 => (Item::RdsSmallInstance, 1),
        size => (Item::RdsInstance, size),
    };
    bill.add(Purpose::Platform, database, "database in two zones", u128::from(size) * SECONDS_A_MONTH);
    bill.add(Purpose::Platform, Item::RdsStorage, "its disks", u128::from(a.database_gigabytes) * GB);
    let (node, size) = match a.cache_size {
        0 => (Item::ElastiCacheSmallNode, 1),
        size => (Item::ElastiCacheNode, size),
    };
    bill.add(Purpose::Platform, node, "queue and limits", u128::from(a.cache_nodes * size) * SECONDS_A_MONTH);
}

fn network(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let in_zones = u128::from(a.zones) * SECONDS_A_MONTH;
    bill.add(Purpose::Platform, Item::ElbBalancer, "load balancer", SECONDS_A_MONTH);
    let gateways = u128::from(a.nat_gateways) * SECONDS_A_MONTH;
    bill.add(Purpose::Platform, Item::VpcAddress, "addresses of balancer and NAT gateways", in_zones + gateways);
    bill.add(Purpose::Platform, Item::VpcNat, "NAT gateways", gateways);
    bill.add(Purpose::Platform, Item::VpcEndpoint, "interface endpoints", u128::from(a.endpoints) * in_zones);
    let way = if a.nat_gateways > 0 { Item::VpcNatData } else { Item::VpcEndpointData };
    bill.add(Purpose::Platform, way, "logs on their way", log_bytes(a, v));
    bill.add(Purpose::Platform, Item::Route53Zone, "zone of names", 1);
    bill.add(Purpose::Platform, Item::Route53Query, "one for each request to the API", v.requests);
    bill.add(Purpose::Platform, Item::Route53Check, "health check", HEALTH_CHECKS);
    bill.add(Purpose::Platform, Item::Route53CheckOption, "its HTTPS", HEALTH_CHECKS);
}

fn keys(bill: &mut Bill, a: &Assumptions) {
    let (keys, secrets) = (u128::from(a.keys), u128::from(a.secrets));
    let reads = secrets * u128::from(a.nodes) * SECRET_READS_A_MONTH;
    bill.add(Purpose::Platform, Item::KmsKey, "keys", keys);
    bill.add(Purpose::Platform, Item::KmsRequest, "secrets that are read", reads);
    bill.add(Purpose::Platform, Item::SecretsManagerSecret, "secrets", secrets);
    bill.add(Purpose::Platform, Item::SecretsManagerRequest, "secrets that are read", reads);
}

fn watching(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let logs = log_bytes(a, v);
    let kept = (logs * u128::from(a.log_days)).div_ceil(DAYS_A_MONTH);
    bill.add(Purpose::Platform, Item::CloudWatchTaken, "logs", logs);
    bill.add(Purpose::Platform, Item::CloudWatchKept, "logs", kept);
    bill.add(Purpose::Platform, Item::CloudWatchMetric, "metrics", a.metrics.into());
    bill.add(Purpose::Platform, Item::CloudWatchAlarm, "alarms", a.alarms.into());
    bill.add(Purpose::Platform, Item::CloudWatchDashboard, "dashboard", 1);
    bill.add(Purpose::Platform, Item::SnsLetter, "alarms, each once a day", u128::from(a.alarms) * DAYS_A_MONTH);
}

fn log_bytes(a: &Assumptions, v: &Volumes) -> u128 {
    u128::from(a.log_bytes) * (v.requests + v.commits + v.segments)
}
