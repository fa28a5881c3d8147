//! The durable steps at which a test may kill the process (crate `fail`, without its feature they are nothing).

/// Every failpoint of this crate. `artifacts.assemble` is met before each piece, the others once a call.
pub const FAILPOINTS: &[&str] =
    &["artifacts.put", "artifacts.finish.before", "artifacts.finish.after", "artifacts.assemble", "artifacts.delete"];
