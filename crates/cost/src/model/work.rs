//! Machines that work: by their time, partly on spot, each with its disk.

use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::sizes::percent;
use crate::units::GB;
use crate::volumes::SECONDS_A_MONTH;

/// Machines for so many seconds, of which `spot_percent` on spot.
pub fn add(bill: &mut Bill, a: &Assumptions, purpose: Purpose, seconds: u128, spot_percent: u64) {
    let spot = percent(seconds, spot_percent);
    bill.add(purpose, Item::Ec2WorkSpot, "machines on spot", spot);
    bill.add(purpose, Item::Ec2Work, "machines on demand", seconds - spot);
    bill.add(purpose, Item::Ec2Disk, "their disks", disk(a, seconds));
}

/// Bytes and months of the disks of machines that run so many seconds.
pub fn disk(a: &Assumptions, seconds: u128) -> u128 {
    (seconds * u128::from(a.node_gigabytes) * GB).div_ceil(SECONDS_A_MONTH)
}
