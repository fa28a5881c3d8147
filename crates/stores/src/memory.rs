//! Twins of the adapters in memory, for tests: the same rules without a disk.

mod accounts;
mod audit;
mod directory;
mod jobs;
mod memberships;

pub use accounts::MemoryAccounts;
pub use audit::MemoryAudit;
pub use directory::MemoryDirectory;
pub use jobs::MemoryJobs;
