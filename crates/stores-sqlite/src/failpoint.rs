//! The durable steps at which a test may kill the process (crate `fail`, without its feature they are nothing).

use fail::fail_point;

/// Every failpoint of this crate: before and after the commit of a write.
pub const FAILPOINTS: &[&str] = &[
    "jobs.create.before",
    "jobs.create.after",
    "jobs.claim.before",
    "jobs.claim.after",
    "jobs.record.before",
    "jobs.record.after",
    "jobs.take_over.before",
    "jobs.take_over.after",
];

/// What is met around the commit of one kind of write.
#[derive(Clone, Copy)]
pub(crate) struct Points {
    pub(crate) before: fn(),
    pub(crate) after: fn(),
}

pub(crate) const CREATE: Points =
    Points { before: || fail_point!("jobs.create.before"), after: || fail_point!("jobs.create.after") };
pub(crate) const CLAIM: Points =
    Points { before: || fail_point!("jobs.claim.before"), after: || fail_point!("jobs.claim.after") };
pub(crate) const RECORD: Points =
    Points { before: || fail_point!("jobs.record.before"), after: || fail_point!("jobs.record.after") };
pub(crate) const TAKE_OVER: Points =
    Points { before: || fail_point!("jobs.take_over.before"), after: || fail_point!("jobs.take_over.after") };
pub(crate) const NONE: Points = Points { before: || {}, after: || {} };
