//! Keeping messages: the newest months in S3 Standard, the older ones in Standard-IA.

use crate::assumptions::Assumptions;
use crate::bill::{Bill, Purpose};
use crate::items::Item;
use crate::units::DAYS_A_MONTH;
use crate::volumes::Volumes;

/// Largest data file that is written (bytes).
const FILE_BYTES: u128 = 512 << 20;
/// A data file and its sums.
pub const OBJECTS_A_FILE: u128 = 2;

/// Storage and what moves into the cheaper class.
pub fn add(bill: &mut Bill, a: &Assumptions, v: &Volumes) {
    let kept = u128::from(a.retention_months);
    let standard = kept.min(a.standard_months.into());
    bill.add(Purpose::Keeping, Item::S3Standard, "the newest months of messages", v.stored * standard);
    bill.add(Purpose::Keeping, Item::S3Infrequent, "older months of messages", v.stored * (kept - standard));
    if standard < kept {
        bill.add(Purpose::Keeping, Item::S3ToInfrequent, "files that become older", objects_of_month(a, v));
    }
}

/// Objects of a month once they are compacted: at least one file for each organisation and day.
pub fn objects_of_month(a: &Assumptions, v: &Volumes) -> u128 {
    let days = u128::from(a.organisations) * DAYS_A_MONTH;
    OBJECTS_A_FILE * v.stored.div_ceil(FILE_BYTES).max(days)
}
