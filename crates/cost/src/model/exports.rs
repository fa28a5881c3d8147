//! Exports: cores that build parts, requests, and what is kept of them for a while.

use super::work;
use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::units::DAYS_A_MONTH;
use crate::volumes::{Volumes, machine_seconds};

/// Plan, manifest, and beginning and end of the archive's upload.
const WRITES_AN_EXPORT: u128 = 4;
/// A part and its record.
const OBJECTS_A_PART: u128 = 2;

/// Everything but the way to whoever asked.
pub fn add(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let seconds = machine_seconds(v.built_csv, a.export_megabytes_a_second, a.busy_percent);
    work::add(bill, a, Purpose::Exports, seconds, a.spot_percent);
    requests(bill, a, v);
    results(bill, a, v);
    jobs(bill, a, v);
    bill.add(Purpose::Exports, Item::SesLetter, "letters", v.exports());
    bill.add(Purpose::Exports, Item::GlueRequest, "plans", v.exports());
}

fn requests(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let reads = v.built_stored / u128::from(a.read_bytes) + v.segments;
    bill.add(Purpose::Exports, Item::S3Get, "data files that are read", reads);
    bill.add(Purpose::Exports, Item::S3InfrequentRead, "older months that are read", v.built_infrequent);
    let parts = v.segments * OBJECTS_A_PART + v.built_archive / u128::from(a.upload_bytes);
    bill.add(Purpose::Exports, Item::S3Put, "parts", parts);
    bill.add(Purpose::Exports, Item::S3Put, "archives, copied from parts", v.segments + v.exports() * WRITES_AN_EXPORT);
}

fn results(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let kept = |bytes: u128, days: u64| (bytes * u128::from(days)).div_ceil(DAYS_A_MONTH);
    bill.add(Purpose::Exports, Item::S3Standard, "archives", kept(v.exported_archive, a.archive_days));
    bill.add(Purpose::Exports, Item::S3Standard, "parts", kept(v.built_archive, a.part_days));
}

fn jobs(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let writes = v.exports() * u128::from(a.writes_an_export) + v.segments * u128::from(a.writes_a_segment);
    bill.add(Purpose::Exports, Item::DynamoDbWrite, "jobs", writes);
    let reads = (v.segments + v.requests) * u128::from(a.reads_a_segment);
    bill.add(Purpose::Exports, Item::DynamoDbRead, "jobs", reads);
    // An export's own records are about as large as those of a few segments.
    let records = v.segments + v.exports() * u128::from(a.writes_an_export);
    let kept = (records * u128::from(a.segment_bytes) * u128::from(a.record_days)).div_ceil(DAYS_A_MONTH);
    bill.add(Purpose::Exports, Item::DynamoDbStorage, "jobs", kept);
    bill.add(Purpose::Exports, Item::DynamoDbRestore, "jobs", kept);
}
