//! Recording how an attempt ended. The caller has checked the lease; a result that no longer fits the state is refused.

use thiserror::Error;

use super::claim::millis;
use super::due::{HORIZON, LETTER_HORIZON};
use crate::export::{
    ArchiveFile, Export, FailedSegment, Failure, FailureCode, Fresh, Phase, PlanFacts, Segments, Slot, State, Step,
};
use crate::limits::Limits;
use crate::time::{Day, Micros};

/// How one attempt at a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The plan is written.
    Planned(PlanFacts),
    /// The part is stored.
    SegmentDone {
        /// Rows in it.
        rows: u64,
        /// Its size (bytes).
        bytes: u64,
        /// Whether it was found finished.
        reused: bool,
    },
    /// The archive is stored and checked.
    Assembled {
        /// What can be fetched.
        files: Vec<ArchiveFile>,
    },
    /// The archive could not be put together because these parts are gone: they are built again.
    PartsGone {
        /// The segments whose parts are missing.
        segments: Vec<u32>,
    },
    /// The letter is sent, or nobody may have it any more.
    Notified,
    /// All objects are removed (steps Expire and Delete).
    Removed,
    /// The attempt failed; it is repeated while attempts are left.
    Failed {
        /// What happened, in words.
        message: String,
        /// The first and last day of a segment.
        days: Option<(Day, Day)>,
    },
    /// The attempt failed for a reason that a repeat cannot mend.
    Refused {
        /// What is wrong, in words.
        message: String,
        /// The first and last day of a segment.
        days: Option<(Day, Day)>,
    },
    /// The worker that held the step is gone.
    Died,
    /// A worker that stops gives the step back; no attempt is counted.
    GivenBack,
}

/// The state of the step after its result was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing of it is left to do.
    Done,
    /// It can be claimed again, with this many failures behind it.
    Again {
        /// Failed or died attempts so far.
        failures: u32,
    },
}

/// A result that does not fit the state, e.g. of an export that was cancelled meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{step} cannot end like this while the export is {state}")]
pub struct InvalidTransition {
    /// The step.
    pub step: Step,
    /// The state's name.
    pub state: &'static str,
}

impl Export {
    /// Takes over the result of a leased step and moves on.
    pub fn record(
        &mut self,
        step: Step,
        failures: u32,
        outcome: Outcome,
        now: Micros,
        limits: &Limits,
    ) -> Result<Settled, InvalidTransition> {
        let settled = self.end_attempt(step, failures, outcome, now, limits)?;
        self.settle_segments(now, limits);
        Ok(settled)
    }

    /// The same, whatever follows from it that nothing is left to wait for.
    pub(super) fn end_attempt(
        &mut self,
        step: Step,
        failures: u32,
        outcome: Outcome,
        now: Micros,
        limits: &Limits,
    ) -> Result<Settled, InvalidTransition> {
        self.expects(step)?;
        Ok(match outcome {
            Outcome::GivenBack => self.again(step, failures, now),
            Outcome::Failed { message, days } => {
                self.failed(step, failures + 1, Reason::new(FailureCode::StepFailed, message, days), now, limits)
            }
            Outcome::Died => {
                let message = "the workers that ran it were lost".to_owned();
                self.failed(step, failures + 1, Reason::new(FailureCode::WorkersDied, message, None), now, limits)
            }
            Outcome::PartsGone { .. } if failures + 1 >= limits.attempts_per_step => {
                let message = "parts keep disappearing".to_owned();
                self.give_up(step, Reason::new(FailureCode::StepFailed, message, None), now, limits)
            }
            Outcome::PartsGone { segments } => {
                self.build_again(segments, now, limits);
                Settled::Again { failures: failures + 1 }
            }
            Outcome::Refused { message, days } => {
                let reason = Reason::new(FailureCode::Refused, message, days);
                if is_removal(step) {
                    self.failed(step, failures + 1, reason, now, limits)
                } else {
                    self.give_up(step, reason, now, limits)
                }
            }
            success => self.succeeded(step, success, now, limits)?,
        })
    }

    /// Whether this step is what the state waits for, leased.
    fn expects(&self, step: Step) -> Result<(), InvalidTransition> {
        let fits = match (step, &self.state) {
            (Step::Segment(_), State::Running(Phase::Segments(segments))) => segments.leased > 0,
            _ => matches!(self.slot(step), Some(Slot::Leased(_))),
        };
        if fits { Ok(()) } else { Err(self.invalid(step)) }
    }

    fn invalid(&self, step: Step) -> InvalidTransition {
        InvalidTransition { step, state: self.state.name() }
    }

    fn succeeded(
        &mut self,
        step: Step,
        outcome: Outcome,
        now: Micros,
        limits: &Limits,
    ) -> Result<Settled, InvalidTransition> {
        match (step, outcome) {
            (Step::Plan, Outcome::Planned(facts)) => {
                (self.plan, self.lanes) = (Some(facts), limits.lanes_of(facts.segments));
                self.state = State::Running(Phase::Segments(Segments::planned(facts.segments)));
            }
            (Step::Segment(_), Outcome::SegmentDone { rows, bytes, reused }) => {
                let segments = self.segments_mut(step)?;
                (segments.leased, segments.done) = (segments.leased - 1, segments.done + 1);
                (self.rows, self.bytes) = (self.rows + rows, self.bytes + bytes);
                *(if reused { &mut self.reused_parts } else { &mut self.built_parts }) += 1;
            }
            (Step::Assemble, Outcome::Assembled { files }) => {
                let expires_at = now.plus_seconds(limits.files_live_seconds);
                let (notify, expire) = (self.letter(now), Slot::Ready(expires_at));
                self.state = State::Succeeded { finished_at: now, expires_at, files, notify, expire };
            }
            (Step::Notify, Outcome::Notified) => self.end_letter(),
            (Step::Expire, Outcome::Removed) => self.state = State::Expired { finished_at: now },
            (Step::Delete, Outcome::Removed) => match &mut self.state {
                State::Failed { removal, .. } | State::Cancelled { removal, .. } => *removal = None,
                _ => return Err(self.invalid(step)),
            },
            _ => return Err(self.invalid(step)),
        }
        Ok(Settled::Done)
    }

    /// Goes back to the segments with those that are gone; more than the set holds come with the next assembly.
    fn build_again(&mut self, gone: Vec<u32>, now: Micros, limits: &Limits) {
        let total = self.plan.map_or(0, |plan| plan.segments);
        let mut segments = Segments { fresh: Fresh::default(), ..Segments::planned(total) };
        let known = gone.into_iter().filter(|number| *number < total);
        segments.retry = known.take(limits.retry_set as usize).map(|number| (number, now)).collect();
        segments.done = total - segments.retry.len() as u32;
        self.state = State::Running(Phase::Segments(segments));
    }

    fn failed(&mut self, step: Step, failures: u32, reason: Reason, now: Micros, limits: &Limits) -> Settled {
        let (attempts, growth, horizon) = match step {
            Step::Notify => (limits.notify_attempts, 4_u64, LETTER_HORIZON),
            _ => (limits.attempts_per_step, 2, HORIZON),
        };
        if failures >= attempts && !is_removal(step) {
            return self.give_up(step, reason, now, limits);
        }
        let factor = growth.pow(failures.saturating_sub(1).min(6));
        let wait = millis(limits.retry_milliseconds.saturating_mul(factor)).min(horizon);
        self.again(step, failures, now.plus(wait))
    }

    /// The step may be claimed again from `due_at` on.
    fn again(&mut self, step: Step, failures: u32, due_at: Micros) -> Settled {
        if let (Step::Segment(number), State::Running(Phase::Segments(segments))) = (step, &mut self.state) {
            segments.leased -= 1;
            segments.retry.insert(number, due_at);
        } else if let Some(slot) = self.slot_mut(step) {
            *slot = Slot::Ready(due_at);
        }
        Settled::Again { failures }
    }

    /// A segment out of attempts lets the others go on, and a letter changes nothing; any other step ends the export.
    fn give_up(&mut self, step: Step, Reason { code, message, days }: Reason, now: Micros, limits: &Limits) -> Settled {
        if let (Step::Segment(number), State::Running(Phase::Segments(segments))) = (step, &mut self.state) {
            segments.leased -= 1;
            segments.failed.insert(number, days);
            segments.last_failure = Some((code, message));
        } else if step == Step::Notify {
            self.end_letter();
        } else {
            let failure = Failure { code, message: format!("{step}: {message}"), segments: Vec::new(), rest: None };
            self.fail(failure, now, limits);
        }
        Settled::Done
    }

    fn fail(&mut self, failure: Failure, now: Micros, limits: &Limits) {
        let removal_at = if failure.segments.is_empty() { now } else { now.plus_seconds(limits.files_live_seconds) };
        let (notify, removal) = (self.letter(now), Some(Slot::Ready(removal_at)));
        self.state = State::Failed { finished_at: now, failure, notify, removal };
    }

    /// The letter about an end that has just come.
    fn letter(&self, now: Micros) -> Option<Slot> {
        self.requested_by.is_some().then_some(Slot::Ready(now))
    }

    fn end_letter(&mut self) {
        if let State::Succeeded { notify, .. } | State::Failed { notify, .. } = &mut self.state {
            *notify = None;
        }
    }

    /// Once no segment is open: on to the assembly, or the end with those that failed.
    pub(super) fn settle_segments(&mut self, now: Micros, limits: &Limits) {
        let State::Running(Phase::Segments(segments)) = &mut self.state else { return };
        if !segments.is_settled(limits.retry_set) {
            return;
        }
        if segments.failed.is_empty() {
            self.state = State::Running(Phase::Assemble(Slot::Ready(now)));
            return;
        }
        let failed = segments.failed.iter().map(|(number, days)| FailedSegment { number: *number, days: *days });
        let (failed, rest): (Vec<_>, _) = (failed.collect(), Some(std::mem::take(&mut segments.fresh)));
        let (code, message) = segments.last_failure.take().unwrap_or((FailureCode::StepFailed, String::new()));
        let message =
            format!("{} of {} segments could not be built; the last: {message}", failed.len(), segments.total);
        self.fail(Failure { code, message, segments: failed, rest }, now, limits);
    }

    fn segments_mut(&mut self, step: Step) -> Result<&mut Segments, InvalidTransition> {
        match &mut self.state {
            State::Running(Phase::Segments(segments)) => Ok(segments),
            other => Err(InvalidTransition { step, state: other.name() }),
        }
    }
}

/// Why a step did not succeed.
struct Reason {
    code: FailureCode,
    message: String,
    /// First and last day, where it is a segment.
    days: Option<(Day, Day)>,
}

impl Reason {
    const fn new(code: FailureCode, message: String, days: Option<(Day, Day)>) -> Self {
        Self { code, message, days }
    }
}

/// A removal is never given up: files that must go would stay for ever, and how the export ended is no longer its matter.
const fn is_removal(step: Step) -> bool {
    matches!(step, Step::Expire | Step::Delete)
}
