//! Lanes: a large export counts its segments in several summaries instead of one, so that those who claim segments and
//! record results do not all wait for the same one ([0026](../../../../docs/adr/0026-a-large-export-has-lanes.md)).
//!
//! A lane has a range of the numbers. It follows the rules of an export with so many segments; once nothing is left to
//! do in it, what it came to is added to the export.

use crate::export::record::{InvalidTransition, Outcome, Settled};
use crate::export::{Claim, Export, Phase, Segments, State, Step, next_step};
use crate::limits::Limits;
use crate::time::Micros;

/// What an export keeps of its lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Lanes with something left to do.
    pub open: u32,
    /// What the others came to.
    pub settled: Segments,
}

/// One of the summaries of a large export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its number (from 0).
    pub number: u32,
    /// How far its segments are; they have the numbers of the whole export.
    pub segments: Segments,
    /// Rows written so far.
    pub rows: u64,
    /// Bytes of finished parts so far.
    pub bytes: u64,
    /// Segments that were found finished instead of being built.
    pub reused_parts: u32,
    /// Segments that were built.
    pub built_parts: u32,
    /// When it was last served, as `Export::served`.
    pub served: u64,
}

impl Export {
    /// The lane of a segment; `None` where the export has but one summary.
    pub fn lane_of(&self, step: Step) -> Option<u32> {
        let Step::Segment(number) = step else { return None };
        let total = self.plan.map_or(0, |plan| plan.segments);
        (self.lanes > 1 && number < total)
            .then(|| (u64::from(number) * u64::from(self.lanes) / u64::from(total)) as u32)
    }

    /// The numbers of a lane's segments: the first, and the one behind the last.
    pub fn numbers_of(&self, lane: u32) -> (u32, u32) {
        let total = u64::from(self.plan.map_or(0, |plan| plan.segments));
        let first = |lane: u32| (u64::from(lane) * total).div_ceil(u64::from(self.lanes.max(1))) as u32;
        (first(lane), first(lane + 1))
    }

    /// Shares the segments among lanes where many are left: the lanes with something to do. None: it has one summary.
    pub fn split(&mut self, limits: &Limits) -> Vec<Lane> {
        let State::Running(Phase::Segments(all)) = &self.state else { return Vec::new() };
        if self.lanes < 2 || all.leased > 0 || !all.failed.is_empty() || all.fresh.count() <= limits.lane_segments {
            return Vec::new();
        }
        let lanes: Vec<_> = (0..self.lanes).filter_map(|number| self.cut(all, number)).collect();
        let done: u32 = lanes.iter().map(|lane| lane.segments.done).sum();
        let settled = Segments { done: all.done - done, total: all.total, ..Segments::planned(0) };
        self.state = State::Running(Phase::Lanes(Lanes { open: lanes.len() as u32, settled }));
        lanes
    }

    fn cut(&self, all: &Segments, number: u32) -> Option<Lane> {
        let (from, to) = self.numbers_of(number);
        let (fresh, retry) = (all.fresh.within(from, to), all.retry.range(from..to).map(|(of, at)| (*of, *at)));
        let mut segments = Segments { fresh, retry: retry.collect(), ..Segments::planned(to - from) };
        segments.done = segments.total - segments.fresh.count() - segments.retry.len() as u32;
        let has_work = segments.done < segments.total;
        let served = self.served;
        has_work.then_some(Lane { number, segments, rows: 0, bytes: 0, reused_parts: 0, built_parts: 0, served })
    }

    /// As [`next_step`], within a lane.
    pub fn next_in_lane(&self, lane: &Lane, now: Micros, limits: &Limits) -> Option<Step> {
        next_step(&self.as_lane(lane), now, &self.limits_of_lane(limits))
    }

    /// As [`Export::claim`], within a lane.
    pub fn claim_in_lane(&self, lane: &mut Lane, now: Micros, room: u32, limits: &Limits) -> Claim {
        let mut part = self.as_lane(lane);
        let claim = part.claim(now, room, &self.limits_of_lane(limits));
        lane.take(part);
        claim
    }

    /// As [`Export::record`], within a lane. With the last result of a lane it is over, and with that of the last lane
    /// the export moves on.
    ///
    /// # Errors
    /// The lane does not wait for such a result.
    pub fn record_in_lane(
        &mut self,
        lane: &mut Lane,
        step: Step,
        failures: u32,
        outcome: Outcome,
        now: Micros,
        limits: &Limits,
    ) -> Result<Settled, InvalidTransition> {
        let mut part = self.as_lane(lane);
        let settled = part.end_attempt(step, failures, outcome, now, &self.limits_of_lane(limits))?;
        lane.take(part);
        if self.is_over(lane, limits) {
            self.add(lane);
            self.settle_segments(now, limits);
        }
        Ok(settled)
    }

    /// Whether nothing is left to do in a lane.
    pub fn is_over(&self, lane: &Lane, limits: &Limits) -> bool {
        lane.segments.is_settled(self.limits_of_lane(limits).retry_set)
    }

    /// When something is to be done in a lane: a claim or a look.
    pub fn lane_due_at(&self, lane: &Lane, limits: &Limits) -> Option<Micros> {
        lane.segments.due_at(self.limits_of_lane(limits).retry_set)
    }

    /// The export as if a lane were all of it.
    pub fn as_lane(&self, lane: &Lane) -> Self {
        let Lane { number: _, segments, rows, bytes, reused_parts, built_parts, served } = lane.clone();
        let state = State::Running(Phase::Segments(segments));
        Self { state, rows, bytes, reused_parts, built_parts, served, ..self.clone() }
    }

    /// The export with what its open lanes have come to so far, for whoever is told how far it is.
    #[must_use]
    pub fn with_lanes(mut self, lanes: &[Lane]) -> Self {
        lanes.iter().for_each(|lane| self.add(lane));
        if let State::Running(Phase::Lanes(of)) = &mut self.state {
            of.open = lanes.len() as u32;
        }
        self
    }

    /// As many of an export's segments may wait for a repeat or have failed, whatever the number of its lanes.
    pub fn limits_of_lane(&self, limits: &Limits) -> Limits {
        Limits { retry_set: (limits.retry_set / self.lanes.max(1)).max(1), ..limits.clone() }
    }

    /// Adds what a lane came to. Where numbers of one are left that failed too often, the export goes on with them by
    /// one summary.
    fn add(&mut self, lane: &Lane) {
        let State::Running(Phase::Lanes(Lanes { open, settled })) = &mut self.state else { return };
        let of = &lane.segments;
        (settled.done, settled.leased) = (settled.done + of.done, settled.leased + of.leased);
        settled.fresh.add(&of.fresh);
        settled.retry.extend(&of.retry);
        settled.failed.extend(&of.failed);
        settled.look_at = settled.look_at.min(of.look_at);
        if of.last_failure.is_some() {
            settled.last_failure.clone_from(&of.last_failure);
        }
        *open = open.saturating_sub(1);
        if *open == 0 && settled.leased == 0 && settled.retry.is_empty() {
            self.state = State::Running(Phase::Segments(settled.clone()));
        }
        (self.rows, self.bytes) = (self.rows + lane.rows, self.bytes + lane.bytes);
        (self.reused_parts, self.built_parts) =
            (self.reused_parts + lane.reused_parts, self.built_parts + lane.built_parts);
    }
}

impl Lane {
    /// Takes over what the rules made of [`Export::as_lane`].
    fn take(&mut self, part: Export) {
        if let State::Running(Phase::Segments(segments)) = part.state {
            self.segments = segments;
        }
        (self.rows, self.bytes) = (part.rows, part.bytes);
        (self.reused_parts, self.built_parts) = (part.reused_parts, part.built_parts);
    }
}
