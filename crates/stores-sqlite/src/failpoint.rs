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
    "directory.begin_user.before",
    "directory.begin_user.after",
    "directory.user_state.before",
    "directory.user_state.after",
    "directory.member.before",
    "directory.member.after",
    "directory.token.before",
    "directory.token.after",
    "accounts.create.before",
    "accounts.create.after",
    "accounts.password.before",
    "accounts.password.after",
    "accounts.delete.before",
    "accounts.delete.after",
    "accounts.family.before",
    "accounts.family.after",
    "memberships.import.before",
    "memberships.import.after",
    "audit.event.before",
    "audit.event.after",
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
pub(crate) const BEGIN_USER: Points = Points {
    before: || fail_point!("directory.begin_user.before"),
    after: || fail_point!("directory.begin_user.after"),
};
pub(crate) const USER_STATE: Points = Points {
    before: || fail_point!("directory.user_state.before"),
    after: || fail_point!("directory.user_state.after"),
};
pub(crate) const MEMBER: Points =
    Points { before: || fail_point!("directory.member.before"), after: || fail_point!("directory.member.after") };
pub(crate) const TOKEN: Points =
    Points { before: || fail_point!("directory.token.before"), after: || fail_point!("directory.token.after") };
pub(crate) const CREATE_ACCOUNT: Points =
    Points { before: || fail_point!("accounts.create.before"), after: || fail_point!("accounts.create.after") };
pub(crate) const SET_PASSWORD: Points =
    Points { before: || fail_point!("accounts.password.before"), after: || fail_point!("accounts.password.after") };
pub(crate) const DELETE_ACCOUNT: Points =
    Points { before: || fail_point!("accounts.delete.before"), after: || fail_point!("accounts.delete.after") };
pub(crate) const FAMILY: Points =
    Points { before: || fail_point!("accounts.family.before"), after: || fail_point!("accounts.family.after") };
pub(crate) const IMPORT: Points =
    Points { before: || fail_point!("memberships.import.before"), after: || fail_point!("memberships.import.after") };
pub(crate) const EVENT: Points =
    Points { before: || fail_point!("audit.event.before"), after: || fail_point!("audit.event.after") };
pub(crate) const NONE: Points = Points { before: || {}, after: || {} };
