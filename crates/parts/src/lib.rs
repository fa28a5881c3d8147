//! What the worker writes and others read: the plan object of an export, its parts with their records, and names.

mod error;
mod manifest;
pub mod names;
pub mod plan;
mod plan_object;
mod record;
mod stored;

pub use error::ReadError;
pub use manifest::{ManifestError, read_manifest};
pub use plan_object::{Fetch, read_plan};
pub use record::{DayCount, PartRecord, RecordError, SentAt};
pub use stored::StoredPart;
