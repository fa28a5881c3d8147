//! The durable steps at which a test may kill the process (crate `fail`, without its feature they are nothing).

/// Every failpoint of this crate, in the order an ingest meets them.
pub const FAILPOINTS: &[&str] = &[
    "ingest.spilled",
    "ingest.written",
    "ingest.intent",
    "ingest.renamed",
    "commit.manifest",
    "commit.list",
    "commit.metadata",
    "commit.swap",
    "commit.swapped",
    "ingest.cleaned",
];
