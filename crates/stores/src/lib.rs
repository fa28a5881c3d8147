//! The ports of what is remembered: traits, what adapters share, twins in memory, and the suites that adapters run.

pub mod accounts;
pub mod audit;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod directory;
pub mod error;
pub mod jobs;
pub mod memberships;
pub mod memory;
pub mod people;
pub mod record;

pub use accounts::{Account, AccountCreated, Accounts};
pub use audit::Audit;
pub use directory::{Directory, Member, MemberChange, Organisation, OrganisationToken, User};
pub use error::StoreError;
pub use jobs::{
    Census, Claimed, ClientKey, Created, Due, IdempotencyKey, Jobs, NewExport, Recorded, Retried, SegmentProgress,
    SegmentState, Then,
};
pub use memberships::{Memberships, MembershipsImported};
pub use people::People;
