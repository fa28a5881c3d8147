//! The decision what to do next: pure, and the same for every worker.

use crate::export::due::{has_come, letter_has_come};
use crate::export::{Export, Phase, Slot, State, Step};
use crate::limits::Limits;
use crate::time::Micros;

/// The step to claim now, or nothing while others work or the time has not come.
///
/// It sees a summary, never the segments, so it costs the same for 1 segment or 180,000.
pub fn next_step(export: &Export, now: Micros, limits: &Limits) -> Option<Step> {
    match &export.state {
        State::Queued | State::Running(Phase::Lanes(_)) | State::Expired { .. } => None,
        State::Running(Phase::Plan(slot)) => ready(*slot, now, Step::Plan),
        State::Running(Phase::Segments(segments)) => segments.claimable(now, limits.retry_set).map(Step::Segment),
        State::Running(Phase::Assemble(slot)) => ready(*slot, now, Step::Assemble),
        State::Succeeded { notify: Some(Slot::Leased(_)), .. } => None,
        State::Succeeded { notify, expire, .. } => at(*expire, now, Step::Expire).or_else(|| letter(*notify, now)),
        State::Failed { notify, removal, .. } => {
            letter(*notify, now).or_else(|| removal.and_then(|slot| at(slot, now, Step::Delete)))
        }
        State::Cancelled { removal, .. } => removal.and_then(|slot| ready(slot, now, Step::Delete)),
    }
}

fn ready(slot: Slot, now: Micros, step: Step) -> Option<Step> {
    match slot {
        Slot::Ready(due_at) if has_come(due_at, now) => Some(step),
        _ => None,
    }
}

/// Files live for days, so a time far ahead is no sign of a clock that was put back.
fn at(slot: Slot, now: Micros, step: Step) -> Option<Step> {
    matches!(slot, Slot::Ready(due_at) if due_at <= now).then_some(step)
}

fn letter(slot: Option<Slot>, now: Micros) -> Option<Step> {
    matches!(slot, Some(Slot::Ready(due_at)) if letter_has_come(due_at, now)).then_some(Step::Notify)
}
