//! The durable steps at which a test may kill the process (crate `fail`, without its feature they are nothing).

/// Every failpoint of this crate, in the order a write meets them.
pub const FAILPOINTS: &[&str] = &["postgres.commit.before", "postgres.commit.after"];
