//! The durable steps at which a test may kill the process (crate `fail`, without its feature they are nothing).

use fail::fail_point;

/// Every failpoint of this crate: around each write.
pub const FAILPOINTS: &[&str] = &["dynamodb.commit.before", "dynamodb.commit.after"];

/// Before a write is sent.
pub(crate) fn before() {
    fail_point!("dynamodb.commit.before");
}

/// A write is stored, whoever asked does not know yet.
pub(crate) fn after() {
    fail_point!("dynamodb.commit.after");
}
