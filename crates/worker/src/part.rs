//! A part: the finished file of a segment, found again by what it holds.

mod build;
mod key;
mod record;
mod stored;

pub use build::{Build, BuildError, container, profile};
pub use key::{PartKeys, part_key};
pub use record::{DayCount, PartRecord, RecordError, SentAt};
pub use stored::StoredPart;
