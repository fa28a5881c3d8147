//! What is simulated: the fleet, who asks for what, how long things take, what goes wrong.

use domain::limits::Limits;

/// Microseconds of the simulated time.
pub type Time = u64;
/// A millisecond.
pub const MILLISECOND: Time = 1_000;
/// A second.
pub const SECOND: Time = 1_000 * MILLISECOND;

/// One run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, for reports.
    pub name: &'static str,
    /// What all chance comes from.
    pub seed: u64,
    /// Worker processes.
    pub workers: u32,
    /// Steps that each runs at a time.
    pub slots: u32,
    /// Organisations; the first is the large one.
    pub organisations: u32,
    /// Who asks for what.
    pub load: Load,
    /// The installation's limits.
    pub limits: Limits,
    /// How long things take.
    pub times: Times,
    /// What goes wrong.
    pub faults: Faults,
    /// What is switched off, to see that it is needed.
    pub switches: Switches,
    /// When the run ends, finished or not.
    pub deadline: Time,
}

/// Exports that are asked for.
#[derive(Clone, Debug)]
pub struct Load {
    /// Segments of the first organisation's export, asked for at the start.
    pub large: u32,
    /// Segments of each other organisation's, asked for at the start; 0: none.
    pub each: u32,
    /// How often one of the others asks for an export of one segment while the first one's runs.
    pub probe_every: Option<Time>,
}

/// How long things take.
#[derive(Clone, Debug)]
pub struct Times {
    /// A segment, log-normal.
    pub segment_median: Time,
    /// One of a hundred takes this long.
    pub segment_p99: Time,
    /// A segment whose part is there already.
    pub reuse: Time,
    /// Making a plan.
    pub plan: Time,
    /// Putting an archive together, for each part.
    pub assemble_part: Time,
    /// A call of the job store.
    pub store_call: Time,
    /// A call of the queue.
    pub queue_call: Time,
    /// From a worker's death to the next one in its place.
    pub restart: Time,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Share of steps during which the worker dies.
    pub crashes: f64,
    /// Share of pushed wakes that are lost.
    pub lost_wakes: f64,
    /// Share of writes that the store refuses for a moment, beyond those over an item's limit.
    pub throttled: f64,
}

/// What is switched off, to see that it is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// One summary, and one claim at a time of it.
    pub serial_claims: bool,
    /// A queue that keeps every wake, the newest first, and an owner takes all it can.
    pub no_turns: bool,
    /// One summary for an export, however large.
    pub one_summary: bool,
    /// Each worker sweeps.
    pub each_sweeps: bool,
}

impl Scenario {
    fn full(name: &'static str, load: Load) -> Self {
        Self {
            name,
            seed: 1,
            workers: 1_000,
            slots: 1,
            organisations: 2_000,
            load,
            limits: Limits::default(),
            times: Times::default(),
            faults: Faults::default(),
            switches: Switches::default(),
            deadline: 3_600 * SECOND,
        }
    }

    /// One organisation has all of 180,000 segments.
    pub fn one_large() -> Self {
        Self::full("one", Load { large: 180_000, each: 0, probe_every: None })
    }

    /// Two thousand organisations have as many together.
    pub fn all_together() -> Self {
        Self::full("all", Load { large: 90, each: 90, probe_every: None })
    }

    /// Small exports of others while the large one runs.
    pub fn small_beside_large() -> Self {
        Self::full("beside", Load { large: 180_000, each: 0, probe_every: Some(SECOND / 4) })
    }

    /// What happens in it, in words.
    pub fn words(&self) -> &'static str {
        match self.name {
            "one" => "One organisation has all segments",
            "all" => "All organisations have as many together",
            _ => "Small exports beside the large one",
        }
    }

    /// All of them.
    pub fn all() -> [Self; 3] {
        [Self::one_large(), Self::all_together(), Self::small_beside_large()]
    }

    /// The same with an nth of segments and organisations: shorter, and as crowded.
    #[must_use]
    pub fn shorter(mut self, nth: u32) -> Self {
        if self.load.each == 0 {
            self.load.large /= nth;
        } else {
            self.organisations /= nth;
        }
        self
    }

    /// The same with so many organisations, where all ask for the same spread over them.
    #[must_use]
    pub fn over(mut self, organisations: u32) -> Self {
        if self.load.each > 0 {
            let each = self.load.each * self.organisations / organisations.max(1);
            (self.load.large, self.load.each) = (each, each);
        }
        self.organisations = organisations;
        self
    }

    /// Everything that may run at a time.
    pub fn places(&self) -> u64 {
        u64::from(self.workers) * u64::from(self.slots)
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            segment_median: 2 * SECOND,
            segment_p99: 40 * SECOND,
            reuse: 50 * MILLISECOND,
            plan: SECOND,
            assemble_part: MILLISECOND / 5,
            store_call: 5 * MILLISECOND,
            queue_call: MILLISECOND,
            restart: 2 * SECOND,
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self { crashes: 0.01, lost_wakes: 0.001, throttled: 0.001 }
    }
}
