//! When an export wants a look, the field that the sweeper goes by.

use crate::export::{Export, Phase, Slot, State};
use crate::limits::Limits;
use crate::time::{Micros, SECOND};

impl Export {
    /// Each export with a step still to do has a time here: the past while something can be claimed, else the
    /// earliest repeat or look. An export that waits for a place has none; its promotion sets it.
    pub fn due_at(&self, limits: &Limits) -> Option<Micros> {
        match &self.state {
            State::Queued | State::Expired { .. } => None,
            State::Running(Phase::Plan(slot) | Phase::Assemble(slot)) => Some(slot.due_at()),
            State::Running(Phase::Segments(segments)) => segments.due_at(limits.retry_set),
            State::Succeeded { expire, .. } => Some(expire.due_at()),
            State::Failed { removal, .. } | State::Cancelled { removal, .. } => removal.map(|slot| slot.due_at()),
        }
    }

    /// Whether the sweeper should wake the owner now.
    pub fn is_due(&self, now: Micros, limits: &Limits) -> bool {
        let expires = matches!(self.state, State::Succeeded { .. });
        self.due_at(limits).is_some_and(|due_at| if expires { due_at <= now } else { has_come(due_at, now) })
    }

    /// A look found somebody at work: the next one is due at `look_at`.
    pub fn looked(&mut self, look_at: Micros) {
        match self.slot_mut() {
            Some(slot @ Slot::Leased(_)) => *slot = Slot::Leased(look_at),
            Some(Slot::Ready(_)) => {}
            None => {
                if let State::Running(Phase::Segments(segments)) = &mut self.state {
                    segments.look_at = look_at;
                }
            }
        }
    }
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
