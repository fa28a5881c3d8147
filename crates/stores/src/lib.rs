//! The ports of what is remembered: traits, what adapters share, twins in memory, and the suites that adapters run.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod directory;
pub mod error;
pub mod jobs;
pub mod memory;
pub mod record;

pub use directory::{Directory, Organisation};
pub use error::StoreError;
pub use jobs::{
    Claimed, ClientKey, Created, Due, IdempotencyKey, Jobs, NewExport, Recorded, SegmentProgress, SegmentState,
};
