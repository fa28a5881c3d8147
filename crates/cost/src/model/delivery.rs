//! The way of an archive to whoever asked for it.

use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::sizes::percent;
use crate::volumes::Volumes;

/// What leaves over the internet; within the region it costs a request.
pub fn add(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let outside = percent(v.exported_archive, a.internet_percent);
    bill.add(Purpose::Exports, Item::S3Internet, "archives over the internet", outside);
    bill.add(Purpose::Exports, Item::S3Get, "downloads", v.exports());
}
