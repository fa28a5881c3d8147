//! Bringing messages in, directly into the table, and compacting it.

use super::{keeping, work};
use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::sizes::percent;
use crate::units::{DAYS_A_MONTH, GB, HOUR};
use crate::volumes::{Volumes, machine_seconds};

/// A commit writes a manifest, a list of manifests and the table's metadata.
const OBJECTS_A_COMMIT: u128 = 3;

/// Cores that write files, requests, and the way to them.
pub fn add(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let seconds = machine_seconds(v.csv, a.ingest_megabytes_a_second, a.busy_percent);
    // Who brings messages waits for the answer, so this does not run on spot.
    work::add(bill, a, Purpose::Ingest, seconds, 0);
    let objects = v.files * keeping::OBJECTS_A_FILE + v.commits * OBJECTS_A_COMMIT;
    bill.add(Purpose::Ingest, Item::S3Put, "files and commits", objects + v.stored / u128::from(a.upload_bytes));
    bill.add(Purpose::Ingest, Item::GlueRequest, "commits", v.commits);
    way_in(bill, a, v);
    compaction(bill, a, v);
}

/// Messages travel compressed, about as large as the files that they become.
fn way_in(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let capacity = percent(v.stored, a.balancer_percent) * HOUR / GB;
    bill.add(Purpose::Ingest, Item::ElbCapacity, "messages through the load balancer", capacity);
    let crossing = percent(v.stored, a.cross_zone_percent);
    bill.add(Purpose::Ingest, Item::VpcZone, "messages that cross zones, at both ends", 2 * crossing);
}

fn compaction(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let csv = percent(v.csv, a.compaction_percent);
    let stored = percent(v.stored, a.compaction_percent);
    let objects = percent(keeping::objects_of_month(a, v), a.compaction_percent);
    let seconds = machine_seconds(csv, a.compaction_megabytes_a_second, a.busy_percent);
    work::add(bill, a, Purpose::Compaction, seconds, a.spot_percent);
    let replaced = (stored * u128::from(a.restore_days)).div_ceil(DAYS_A_MONTH);
    bill.add(Purpose::Compaction, Item::S3Standard, "replaced files that can be brought back", replaced);
    let read = percent(v.files, a.compaction_percent) + stored / u128::from(a.read_bytes);
    bill.add(Purpose::Compaction, Item::S3Get, "files that are compacted", read);
    bill.add(Purpose::Compaction, Item::S3Put, "compacted files", objects + stored / u128::from(a.upload_bytes));
}
