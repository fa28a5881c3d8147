//! Asking again for what failed: the same snapshot, the same plan, only the segments that are not there.

use crate::export::{Export, Failure, Fresh, Segments, Slot, State};
use crate::time::Micros;

impl Export {
    /// Makes a failed export wait for a place, to go on with the segments that were given up and those that nobody had
    /// tried. Returns whether it can: nothing of it may have been removed yet.
    pub fn retry(&mut self, now: Micros) -> bool {
        let State::Failed { failure, removal: Some(Slot::Ready(_)), .. } = &self.state else { return false };
        let (Some(plan), true) = (self.plan, failure.can_be_retried()) else { return false };
        self.resume = Some(failure.segments_again(plan.segments, now));
        self.retries += 1;
        self.state = State::Queued;
        true
    }

    /// Whether a retry would go on with it now.
    pub fn can_be_retried(&self) -> bool {
        match &self.state {
            State::Failed { failure, removal: Some(Slot::Ready(_)), .. } => failure.can_be_retried(),
            _ => false,
        }
    }
}

impl Failure {
    const fn can_be_retried(&self) -> bool {
        !self.segments.is_empty() && self.rest.is_some()
    }

    fn segments_again(&self, total: u32, now: Micros) -> Segments {
        let fresh = self.rest.as_ref().map_or_else(Fresh::default, |rest| rest.within(0, total));
        let failed = self.segments.len() as u32;
        Segments {
            done: total.saturating_sub(fresh.count() + failed),
            fresh,
            retry: self.segments.iter().map(|segment| (segment.number, now)).collect(),
            ..Segments::planned(total)
        }
    }
}
