//! Twins of the adapters in memory, for tests: the same rules without a disk.

mod directory;
mod jobs;

pub use directory::MemoryDirectory;
pub use jobs::MemoryJobs;
