//! Named objects that exports are made of: plans, parts with their summaries, archives. The port, its twin in memory,
//! and the adapter over a folder.

mod assembly;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod error;
mod failpoint;
pub mod folder;
pub mod memory;
pub mod name;
pub mod piece;
pub mod port;

pub use error::ArtifactError;
pub use failpoint::FAILPOINTS;
pub use folder::FolderArtifacts;
pub use memory::MemoryArtifacts;
pub use name::{FileName, NameError, ObjectName, Prefix};
pub use piece::{Assembled, Piece, Pieces};
pub use port::{Artifacts, DownloadAs, PATCHABLE_BYTES, Put, SYNCED_BYTES, Upload};
