//! Taking a place: an owner's exports run a few at a time, and the others wait.

use crate::export::{Export, Phase, Slot, State};
use crate::time::Micros;

impl Export {
    /// Takes a free place, to begin or to go on with what failed; only a waiting export changes.
    pub fn promote(&mut self, now: Micros) {
        if self.state == State::Queued {
            let phase = self.resume.take().map_or(Phase::Plan(Slot::Ready(now)), Phase::Segments);
            self.state = State::Running(phase);
        }
    }
}
