//! Claiming: one write takes as many steps as the worker has room for.

use crate::export::{Export, Phase, Slot, State, Step, next_step};
use crate::limits::Limits;
use crate::time::Micros;

/// Steps that one write claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What was claimed, in the order to work on it.
    pub steps: Vec<Step>,
    /// Whether more could be claimed right now, by the next in line.
    pub more: bool,
}

impl Export {
    /// Claims up to `room` steps (at most the limit of one write). No step: nothing can be claimed, nothing changed.
    pub fn claim(&mut self, now: Micros, room: u32, limits: &Limits) -> Claim {
        let look_at = now.plus(millis(limits.heartbeat_milliseconds));
        let mut steps = Vec::new();
        while (steps.len() as u32) < room.min(limits.claim_segments) {
            let Some(step) = next_step(self, now, limits) else { break };
            self.lease(step, look_at);
            steps.push(step);
        }
        Claim { steps, more: next_step(self, now, limits).is_some() }
    }

    /// Takes the next step of a small export for the worker that has just ended one: it runs them all under one claim.
    ///
    /// Small is what its plan says is at most `small_export_rows`, and no more than one segment aims at.
    pub fn go_on(&mut self, now: Micros, limits: &Limits) -> Option<Step> {
        let most = limits.small_export_rows.min(self.request.shape.segment_rows_target);
        let is_small = self.plan.is_some_and(|plan| plan.rows <= most);
        if is_small { self.claim(now, 1, limits).steps.pop() } else { None }
    }

    fn lease(&mut self, step: Step, look_at: Micros) {
        if let (Step::Segment(number), State::Running(Phase::Segments(segments))) = (step, &mut self.state) {
            if segments.retry.remove(&number).is_none() {
                segments.fresh.take_first();
            }
            segments.look_at = if segments.leased == 0 { look_at } else { segments.look_at.min(look_at) };
            segments.leased += 1;
        } else if let Some(slot) = self.slot_mut(step) {
            *slot = Slot::Leased(look_at);
        }
        match (step, &mut self.state) {
            // Files whose time is over are not announced any more.
            (Step::Expire, State::Succeeded { notify, .. }) => *notify = None,
            // From here on parts of what a retry needs may be gone.
            (Step::Delete, State::Failed { failure, .. }) => failure.rest = None,
            _ => {}
        }
    }

    /// The slot of a step that the state waits for, where it is not a segment.
    pub(super) fn slot(&self, step: Step) -> Option<Slot> {
        match (step, &self.state) {
            (Step::Plan, State::Running(Phase::Plan(slot)))
            | (Step::Assemble, State::Running(Phase::Assemble(slot)))
            | (Step::Expire, State::Succeeded { expire: slot, .. }) => Some(*slot),
            (Step::Delete, State::Failed { removal, .. } | State::Cancelled { removal, .. }) => *removal,
            (Step::Notify, State::Succeeded { notify, .. } | State::Failed { notify, .. }) => *notify,
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn slot_mut(&mut self, step: Step) -> Option<&mut Slot> {
        match (step, &mut self.state) {
            (Step::Plan, State::Running(Phase::Plan(slot)))
            | (Step::Assemble, State::Running(Phase::Assemble(slot)))
            | (Step::Expire, State::Succeeded { expire: slot, .. }) => Some(slot),
            (Step::Delete, State::Failed { removal, .. } | State::Cancelled { removal, .. }) => removal.as_mut(),
            (Step::Notify, State::Succeeded { notify, .. } | State::Failed { notify, .. }) => notify.as_mut(),
            _ => None,
        }
    }
}

/// Milliseconds of a limit as microseconds.
pub(super) fn millis(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1000)
}
