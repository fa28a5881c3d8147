//! When an export wants a look, the field that the sweeper goes by.

use crate::export::{Export, Phase, Slot, State, Step, next_step};
use crate::limits::Limits;
use crate::time::{Micros, SECOND};

impl Export {
    /// Each export with a step still to do has a time here: the past while something can be claimed, else the
    /// earliest repeat or look. An export that waits for a place has none; its promotion sets it. So has one with lanes.
    pub fn due_at(&self, limits: &Limits) -> Option<Micros> {
        match &self.state {
            State::Queued | State::Expired { .. } => None,
            State::Running(Phase::Plan(slot) | Phase::Assemble(slot)) => Some(slot.due_at()),
            State::Running(Phase::Segments(segments)) => segments.due_at(limits.retry_set),
            // Each lane has a time of its own.
            State::Running(Phase::Lanes(_)) => None,
            // Files stay while a letter about them is being sent.
            State::Succeeded { notify: Some(Slot::Leased(look_at)), .. } => Some(*look_at),
            State::Succeeded { notify, expire, .. } => earliest([*notify, Some(*expire)]),
            State::Failed { notify, removal, .. } => earliest([*notify, *removal]),
            State::Cancelled { removal, .. } => removal.map(Slot::due_at),
        }
    }

    /// Whether the sweeper should wake the owner now.
    pub fn is_due(&self, now: Micros, limits: &Limits) -> bool {
        next_step(self, now, limits).is_some() || self.look_at().is_some_and(|at| has_come(at, now))
    }

    /// When a look at those who hold steps is due, if somebody does.
    pub fn look_at(&self) -> Option<Micros> {
        if let State::Running(Phase::Segments(segments)) = &self.state {
            return (segments.leased > 0).then_some(segments.look_at);
        }
        let slot = |step| match self.slot(step) {
            Some(Slot::Leased(look_at)) => Some(look_at),
            Some(Slot::Ready(_)) | None => None,
        };
        SINGLE_STEPS.into_iter().filter_map(slot).min()
    }

    /// A look found somebody at work: the next one is due at `look_at`.
    pub fn looked(&mut self, look_at: Micros) {
        if let State::Running(Phase::Segments(segments)) = &mut self.state {
            segments.look_at = look_at;
        }
        for step in SINGLE_STEPS {
            if let Some(slot @ Slot::Leased(_)) = self.slot_mut(step) {
                *slot = Slot::Leased(look_at);
            }
        }
    }
}

/// Steps of which an export has one.
const SINGLE_STEPS: [Step; 5] = [Step::Plan, Step::Assemble, Step::Notify, Step::Expire, Step::Delete];

fn earliest(slots: [Option<Slot>; 2]) -> Option<Micros> {
    slots.into_iter().flatten().map(Slot::due_at).min()
}

/// Whether the time of a claim, repeat or look has come.
///
/// No rule sets one further ahead than [`HORIZON`]; one that lies there was written before the store's clock was put
/// back, and waiting for it could take as long as the step back was.
pub fn has_come(due_at: Micros, now: Micros) -> bool {
    due_at <= now || due_at > now.plus(HORIZON)
}

/// Furthest ahead that a repeat or look is ever set (microseconds).
pub const HORIZON: i64 = 60 * SECOND;

/// Furthest ahead that another attempt at a letter is ever set (microseconds): a mail server may be away for hours.
pub(super) const LETTER_HORIZON: i64 = 3_600 * SECOND;

/// Whether the time of another attempt at a letter has come.
pub(super) fn letter_has_come(due_at: Micros, now: Micros) -> bool {
    due_at <= now || due_at > now.plus(LETTER_HORIZON)
}
