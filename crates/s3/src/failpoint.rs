//! The durable steps at which a test may kill the process (crate `fail`, without its feature they are nothing).

/// Every failpoint of this crate, each met once a call: what was asked for before it is with the server.
pub const FAILPOINTS: &[&str] = &[
    "s3.put.before",
    "s3.put.after",
    "s3.upload.begun",
    "s3.part.after",
    "s3.complete.before",
    "s3.complete.after",
    "s3.delete.before",
];
