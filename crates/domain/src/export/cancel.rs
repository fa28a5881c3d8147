//! Cancelling or deleting an export: at once for everybody, with the removal of its files left to a step.

use crate::export::{Export, Slot, State};
use crate::time::Micros;

impl Export {
    /// Cancels what runs or waits, deletes what is finished. Returns whether anything changed; a second call, or one
    /// after the files expired, changes nothing. Steps at work are fenced off by the new state.
    pub fn cancel(&mut self, now: Micros) -> bool {
        if matches!(self.state, State::Cancelled { .. } | State::Expired { .. }) {
            return false;
        }
        // A failed export may be in the middle of its removal, which then goes on as it is.
        let removal = match self.state {
            State::Failed { removal, .. } => removal,
            _ => Some(Slot::Ready(now)),
        };
        self.state = State::Cancelled { finished_at: now, removal };
        true
    }
}
