//! The summary of all segments: counts and two small sets, the same size for 1 segment or 180,000.

use std::collections::BTreeMap;

use crate::export::due::has_come;
use crate::export::{Export, FailureCode, Fresh, Phase, State};
use crate::time::{Day, Micros};

/// How far the segments are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    /// All segments of the plan.
    pub total: u32,
    /// The numbers nobody has claimed yet.
    pub fresh: Fresh,
    /// Finished.
    pub done: u32,
    /// Being worked on.
    pub leased: u32,
    /// Waiting for a repeat, and from when on.
    pub retry: BTreeMap<u32, Micros>,
    /// Out of attempts, with the first and last day of each, where known.
    pub failed: BTreeMap<u32, Option<(Day, Day)>>,
    /// Why the last of them was given up.
    pub last_failure: Option<(FailureCode, String)>,
    /// When a look at the leased ones is due.
    pub look_at: Micros,
}

impl Export {
    /// How far its segments are while they are built; of lanes, what the export keeps of them ([`Export::with_lanes`]).
    pub const fn segments(&self) -> Option<&Segments> {
        match &self.state {
            State::Running(Phase::Segments(segments)) => Some(segments),
            State::Running(Phase::Lanes(lanes)) => Some(&lanes.settled),
            _ => None,
        }
    }
}

impl Segments {
    /// All segments of a fresh plan.
    pub fn planned(total: u32) -> Self {
        Self {
            total,
            fresh: Fresh::below(total),
            done: 0,
            leased: 0,
            retry: BTreeMap::new(),
            failed: BTreeMap::new(),
            last_failure: None,
            look_at: Micros(i64::MAX),
        }
    }

    /// The segment to claim now: a due repeat first, else the next number while the sets have room.
    pub fn claimable(&self, now: Micros, retry_set: u32) -> Option<u32> {
        let repeat = self.retry.iter().find(|(_, due_at)| has_come(**due_at, now)).map(|(number, _)| *number);
        repeat.or_else(|| self.fresh.first().filter(|_| self.takes_new(retry_set)))
    }

    /// Whether numbers nobody has claimed yet may be claimed.
    pub fn takes_new(&self, retry_set: u32) -> bool {
        !self.fresh.is_empty() && (self.retry.len() + self.failed.len()) < retry_set as usize
    }

    /// Whether nothing is left to wait for: all are done or failed, or too many failed to go on.
    pub fn is_settled(&self, retry_set: u32) -> bool {
        self.leased == 0 && self.retry.is_empty() && !self.takes_new(retry_set)
    }

    /// When something is to be done: a claim or a look. `None` where all is settled.
    pub fn due_at(&self, retry_set: u32) -> Option<Micros> {
        if self.takes_new(retry_set) {
            return Some(Micros(0));
        }
        let repeat = self.retry.values().min().copied();
        let look = (self.leased > 0).then_some(self.look_at);
        repeat.into_iter().chain(look).min()
    }
}
