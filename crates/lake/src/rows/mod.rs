//! Batches of messages: compared, collected, merged and spilled in the total order.

mod buffer;
mod gather;
mod last;
mod merge;
mod neighbours;
mod rounds;
mod spill;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod view;

use arrow_array::RecordBatch;

use crate::error::LakeError;

pub(crate) use buffer::{BatchLimits, MessageRow, ROW_OVERHEAD_BYTES, RowBuffer, run_bytes};
pub(crate) use last::LastRow;
pub(crate) use merge::Merge;
pub(crate) use neighbours::{LastKey, filtered, without};
pub(crate) use rounds::{MergePlan, Opener, Source, merge_in_rounds};
pub(crate) use spill::{Spill, SpillWriter};
#[cfg(test)]
pub(crate) use view::time_at;
pub(crate) use view::{Rows, string_at};

/// Batches of [`crate::schema::message_schema`], sorted within and from one to the next.
pub(crate) type SortedBatches = Box<dyn Iterator<Item = Result<RecordBatch, LakeError>> + Send>;
