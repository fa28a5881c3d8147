//! Building a part, and its key: a hash of what it holds.

mod build;
mod key;

pub use build::{Build, BuildError, container, profile};
pub use key::{PartKeys, part_key};
