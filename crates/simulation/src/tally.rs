//! What is counted while a fleet runs.

use crate::fleet::Ask;
use crate::scenario::{SECOND, Time};
use crate::store::Cost;

/// Heartbeats that one call carries (statements of one DynamoDB batch).
const BEATS_IN_A_CALL: u64 = 25;

/// Everything that was counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Slots at work, as a sum over time (microseconds), for each second.
    pub busy: Vec<f64>,
    /// Time of slots while there was work for all, and how much of it was spent in steps (microseconds).
    pub places_time: f64,
    /// See there.
    pub busy_time: f64,
    /// How long there was work for all (microseconds).
    pub full_time: Time,
    /// Segments whose parts were built.
    pub segments: u64,
    /// Claims that gave steps, and the steps they gave.
    pub claims: u64,
    /// See there.
    pub claimed: u64,
    /// How often a slot was taken.
    pub runs: u64,
    /// Calls of the job store.
    pub calls: CallCounts,
    /// Writes that met another.
    pub conflicts: u64,
    /// Writes over an item's limit, or refused for a moment.
    pub throttled: u64,
    /// Calls that were given up.
    pub gave_up: u64,
    /// Results that came too late.
    pub fenced: u64,
    /// Workers that died.
    pub crashes: u64,
    /// Steps that were taken from them.
    pub took_over: u64,
    /// Sweeps.
    pub sweeps: u64,
    /// Wakes.
    pub wakes: WakeCounts,
    /// What was used of the store.
    pub cost: Cost,
    /// The end of the run.
    pub ended: Time,
    /// Exports without an end by then.
    pub unfinished: u64,
    /// What happened to each export.
    pub stories: Vec<Story>,
}

/// Calls of the job store by what they were for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallCounts {
    /// Asking for an export.
    pub create: u64,
    /// Claiming steps.
    pub claim: u64,
    /// Recording results.
    pub record: u64,
    /// Heartbeats.
    pub beat: u64,
    /// Looks at who holds steps.
    pub look: u64,
    /// Taking over.
    pub take_over: u64,
    /// Sweeps.
    pub sweep: u64,
}

/// Wakes.
#[derive(Clone, Copy, Debug, Default)]
pub struct WakeCounts {
    /// Pushed, whether the owner's wake waited already or not.
    pub pushed: u64,
    /// Of these lost.
    pub lost: u64,
    /// Taken by a worker.
    pub taken: u64,
}

/// What happened to one export.
#[derive(Clone, Debug)]
pub struct Story {
    /// Whose.
    pub owner: usize,
    /// Its size.
    pub segments: u32,
    /// Whether it was asked for beside the large one.
    pub is_probe: bool,
    /// When it was asked for.
    pub asked: Time,
    /// When its first step began.
    pub first_step: Option<Time>,
    /// Time spent in its steps.
    pub own: Time,
    /// Since when the step of a dead worker waits for another, and how long such steps did.
    pub lost_since: Option<Time>,
    /// See there.
    pub lost: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// Whether it failed.
    pub failed: bool,
}

impl Tally {
    /// Time passes with so many slots at work; `places` is how many there are, if there is work for all.
    pub fn pass(&mut self, from: Time, to: Time, busy: u64, places: Option<u64>) {
        let mut at = from;
        while at < to {
            let second = (at / SECOND) as usize;
            let until = to.min((at / SECOND + 1) * SECOND);
            if self.busy.len() <= second {
                self.busy.resize(second + 1, 0.0);
            }
            self.busy[second] += (busy * (until - at)) as f64;
            at = until;
        }
        if let Some(places) = places {
            self.places_time += (places * (to - from)) as f64;
            self.busy_time += (busy * (to - from)) as f64;
            self.full_time += to - from;
        }
    }

    /// One worker beats for so many leases.
    pub fn beat(&mut self, leases: u64) {
        self.calls.beat += leases.div_ceil(BEATS_IN_A_CALL);
    }
}

impl CallCounts {
    /// Counts calls.
    pub fn count(&mut self, ask: &Ask, calls: u64) {
        let kind = match ask {
            Ask::Claim { .. } => &mut self.claim,
            Ask::Record { .. } => &mut self.record,
            Ask::Look => &mut self.look,
            Ask::TakeOver { .. } => &mut self.take_over,
        };
        *kind += calls;
    }

    /// All of them.
    pub const fn all(&self) -> u64 {
        self.create + self.claim + self.record + self.beat + self.look + self.take_over + self.sweep
    }
}

impl Story {
    /// An export that was just asked for.
    pub const fn new(owner: usize, segments: u32, is_probe: bool, asked: Time) -> Self {
        Self {
            owner,
            segments,
            is_probe,
            asked,
            first_step: None,
            own: 0,
            lost_since: None,
            lost: 0,
            ended: None,
            failed: false,
        }
    }

    /// A worker of its died.
    pub fn lose(&mut self, now: Time, worked: Time) {
        self.own += worked;
        self.lost_since.get_or_insert(now);
    }

    /// Another one has begun with the step.
    pub fn begin(&mut self, now: Time) {
        self.first_step.get_or_insert(now);
        self.lost += self.lost_since.take().map_or(0, |since| now - since);
    }

    /// How long nobody worked on it until `now`, where its steps come one behind the other: in all, and without what it
    /// took to find that its own workers had died.
    pub fn waited(&self, now: Time) -> (Time, Time) {
        let all = (self.ended.unwrap_or(now) - self.asked).saturating_sub(self.own);
        (all, all.saturating_sub(self.lost))
    }
}
