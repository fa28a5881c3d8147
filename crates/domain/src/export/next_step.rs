//! The decision what to do next: pure, and the same for every worker.

use crate::export::due::has_come;
use crate::export::{Export, Phase, Slot, State, Step};
use crate::limits::Limits;
use crate::time::Micros;

/// The step to claim now, or nothing while others work or the time has not come.
///
/// It sees a summary, never the segments, so it costs the same for 1 segment or 180,000.
pub fn next_step(export: &Export, now: Micros, limits: &Limits) -> Option<Step> {
    match &export.state {
        State::Queued | State::Expired { .. } => None,
        State::Running(Phase::Plan(slot)) => ready(*slot, now, Step::Plan),
        State::Running(Phase::Segments(segments)) => segments.claimable(now, limits.retry_set).map(Step::Segment),
        State::Running(Phase::Assemble(slot)) => ready(*slot, now, Step::Assemble),
        State::Succeeded { expire, .. } => expire_at(*expire, now),
        State::Failed { removal, .. } | State::Cancelled { removal, .. } => {
            removal.and_then(|slot| ready(slot, now, Step::Delete))
        }
    }
}

fn ready(slot: Slot, now: Micros, step: Step) -> Option<Step> {
    match slot {
        Slot::Ready(due_at) if has_come(due_at, now) => Some(step),
        _ => None,
    }
}

fn expire_at(slot: Slot, now: Micros) -> Option<Step> {
    matches!(slot, Slot::Ready(due_at) if due_at <= now).then_some(Step::Expire)
}
