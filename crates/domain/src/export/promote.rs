//! Places: how many exports of one owner run at a time, and who comes next.

use crate::export::{Export, Phase, Slot, State};
use crate::limits::Limits;
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

/// Which of an owner's unsettled exports takes a place now: the oldest waiting one, if a place is free.
pub fn next_to_promote<'a>(unsettled: impl Iterator<Item = &'a Export>, limits: &Limits) -> Option<&'a Export> {
    let (mut running, mut oldest) = (0, None::<&Export>);
    for export in unsettled {
        match export.state {
            State::Running(_) => running += 1,
            State::Queued if oldest.is_none_or(|known| export.id < known.id) => oldest = Some(export),
            _ => {}
        }
    }
    oldest.filter(|_| running < limits.running_exports_per_organisation)
}
