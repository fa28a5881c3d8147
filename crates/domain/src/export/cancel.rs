//! Cancelling or deleting an export: at once for everybody, with the removal of its files left to a step.

use crate::export::{Export, Slot, State};
use crate::time::Micros;

impl Export {
    /// Cancels what runs or waits, deletes what is finished. Returns whether anything changed; a second call, or one
    /// after the files expired, changes nothing. Steps at work are fenced off by the new state; no letter is sent any more.
    pub fn cancel(&mut self, now: Micros) -> bool {
        if matches!(self.state, State::Cancelled { .. } | State::Expired { .. }) {
            return false;
        }
        let nothing_left = matches!(self.state, State::Failed { removal: None, .. });
        let removal = (!nothing_left).then_some(Slot::Ready(now));
        self.resume = None;
        self.state = State::Cancelled { finished_at: now, removal };
        true
    }
}
