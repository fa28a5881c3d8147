//! What a run comes to, and whether it is good enough.

use std::fmt;

use serde_json::{Value, json};

use crate::scenario::{SECOND, Scenario, Time};
use crate::tally::{Story, Tally};

/// Store calls that a segment may cost.
const CALLS_LIMIT: f64 = 6.0;
/// Share of their time that workers spend in steps while there is work for all.
const UTILISATION_TARGET: f64 = 0.9;
/// How many medians of a segment's time a small export may wait.
const WAIT_SEGMENTS: u64 = 2;

/// A run in figures.
pub struct Report {
    /// What was run.
    pub scenario: Scenario,
    /// What was counted.
    tally: Tally,
}

/// Something to be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What, in words.
    pub what: &'static str,
    /// The figure.
    pub is: f64,
    /// What it should be.
    pub should_be: String,
    /// Whether it is.
    pub reached: bool,
}

impl Report {
    /// Runs a scenario to its end.
    pub fn of(scenario: Scenario) -> Self {
        let (scenario, tally) = crate::Fleet::new(scenario).run();
        Self { scenario, tally }
    }

    /// Share of the slots' time that was spent in steps while there was work for all.
    pub fn utilisation(&self) -> f64 {
        self.tally.busy_time / self.tally.places_time
    }

    /// Calls of the job store for each segment.
    pub fn calls_per_segment(&self) -> f64 {
        self.tally.calls.all() as f64 / self.tally.segments.max(1) as f64
    }

    /// What the run should reach.
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = vec![
            Target {
                what: "store calls per segment",
                is: self.calls_per_segment(),
                should_be: format!("at most {CALLS_LIMIT}"),
                reached: self.calls_per_segment() <= CALLS_LIMIT,
            },
            Target {
                what: "utilisation while there is work for all",
                is: self.utilisation(),
                should_be: format!("at least {UTILISATION_TARGET}"),
                reached: self.utilisation() >= UTILISATION_TARGET,
            },
        ];
        if let Some((_, p99)) = self.probe_waits().map(|[_, in_line]| in_line) {
            let limit = WAIT_SEGMENTS * self.scenario.times.segment_median;
            targets.push(Target {
                what: "wait in line of a small export beside the large one, p99 (s)",
                is: seconds(p99),
                should_be: format!("at most {}", seconds(limit)),
                reached: p99 <= limit,
            });
        }
        targets
    }

    /// How long small exports beside the large one waited, median and p99: in all, and in line, which is without what it
    /// took to find that their own workers had died. One without an end waited until the run's.
    pub fn probe_waits(&self) -> Option<[(Time, Time); 2]> {
        let probes = self.tally.stories.iter().filter(|story| story.is_probe);
        let (all, in_line) = probes.map(|story| story.waited(self.tally.ended)).unzip();
        Some([percentiles(all)?, percentiles(in_line)?])
    }

    /// How long exports waited for their first step: median and p99.
    pub fn first_waits(&self) -> Option<(Time, Time)> {
        let waited = |story: &Story| story.first_step.unwrap_or(self.tally.ended) - story.asked;
        percentiles(self.tally.stories.iter().map(waited).collect())
    }

    /// How many exports ended well.
    pub fn succeeded(&self) -> usize {
        self.tally.stories.iter().filter(|story| story.ended.is_some() && !story.failed).count()
    }

    /// Everything, for programs.
    pub fn json(&self) -> Value {
        let (tally, segments) = (&self.tally, self.tally.segments.max(1) as f64);
        let waits =
            |waits: Option<(Time, Time)>| waits.map(|(p50, p99)| json!({"p50": seconds(p50), "p99": seconds(p99)}));
        json!({
            "scenario": self.scenario.name,
            "seed": self.scenario.seed,
            "workers": self.scenario.workers,
            "slots": self.scenario.slots,
            "exports": tally.stories.len(),
            "succeeded": self.succeeded(),
            "unfinished": tally.unfinished,
            "segments": tally.segments,
            "seconds": seconds(tally.ended),
            "seconds_with_work_for_all": seconds(tally.full_time),
            "utilisation": self.utilisation(),
            "claims_per_second": tally.claims as f64 / seconds(tally.ended),
            "segments_per_claim": tally.claimed as f64 / tally.claims.max(1) as f64,
            "store_calls_per_segment": self.calls_per_segment(),
            "store_calls": {
                "create": tally.calls.create, "claim": tally.calls.claim, "record": tally.calls.record,
                "beat": tally.calls.beat, "look": tally.calls.look, "take_over": tally.calls.take_over,
                "sweep": tally.calls.sweep,
            },
            "write_units_per_segment": tally.cost.write_units as f64 / segments,
            "read_units_per_segment": tally.cost.read_half_units as f64 / 2.0 / segments,
            "conflicts": tally.conflicts,
            "throttled": tally.throttled,
            "calls_given_up": tally.gave_up,
            "late_results": tally.fenced,
            "workers_died": tally.crashes,
            "steps_taken_over": tally.took_over,
            "sweeps": tally.sweeps,
            "wakes": {"pushed": tally.wakes.pushed, "lost": tally.wakes.lost, "taken": tally.wakes.taken},
            "wait_for_first_step_seconds": waits(self.first_waits()),
            "wait_of_small_exports_seconds": waits(self.probe_waits().map(|[all, _]| all)),
            "wait_in_line_of_small_exports_seconds": waits(self.probe_waits().map(|[_, in_line]| in_line)),
        })
    }

    /// Share of the slots at work in each second.
    pub fn curve(&self) -> Vec<f64> {
        let whole = (self.scenario.places() * SECOND) as f64;
        self.tally.busy.iter().map(|busy| busy / whole).collect()
    }
}

fn seconds(time: Time) -> f64 {
    time as f64 / SECOND as f64
}

fn percentiles(mut times: Vec<Time>) -> Option<(Time, Time)> {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share).div_ceil(100).saturating_sub(1)).copied();
    Some((at(50)?, at(99)?))
}

impl fmt::Display for Report {
    /// A table of what is asked most, and each target with the word that counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scenario, tally) = (&self.scenario, &self.tally);
        let segments = tally.segments.max(1) as f64;
        writeln!(
            f,
            "{} ({} workers of {} slots, seed {})",
            scenario.words(),
            scenario.workers,
            scenario.slots,
            scenario.seed
        )?;
        let mut line = |what: &str, figures: String| writeln!(f, "  {what:<34} {figures}");
        let ended = (self.succeeded(), tally.stories.len(), seconds(tally.ended));
        line("exports that succeeded", format!("{} of {}, in {:.0} s", ended.0, ended.1, ended.2))?;
        line("segments, claims a second", format!("{}, {:.1}", tally.segments, tally.claims as f64 / ended.2))?;
        line("write and read units a segment", {
            let (write, read) = (tally.cost.write_units as f64, tally.cost.read_half_units as f64 / 2.0);
            format!("{:.1}, {:.1}", write / segments, read / segments)
        })?;
        let calls = &tally.calls;
        let each = [calls.claim, calls.record, calls.beat, calls.look, calls.take_over, calls.sweep, calls.create];
        let each = each.map(|calls| format!("{:.2}", calls as f64 / segments)).join(", ");
        line("calls: claim, record, beat,", each)?;
        line("  look, take over, sweep, create", String::new())?;
        line("conflicts, throttled, given up", format!("{}, {}, {}", tally.conflicts, tally.throttled, tally.gave_up))?;
        line("wakes pushed, lost, taken", {
            format!("{}, {}, {}", tally.wakes.pushed, tally.wakes.lost, tally.wakes.taken)
        })?;
        line("workers died, steps taken over", format!("{}, {}", tally.crashes, tally.took_over))?;
        let [all, in_line] = self.probe_waits().map_or([None; 2], |waits| waits.map(Some));
        for (what, waits) in [
            ("wait for the first step", self.first_waits()),
            ("wait of small exports in line", in_line),
            ("  and for workers that died", all),
        ] {
            if let Some((p50, p99)) = waits {
                line(what, format!("p50 {:.3} s, p99 {:.3} s", seconds(p50), seconds(p99)))?;
            }
        }
        for Target { what, is, should_be, reached } in self.targets() {
            let word = if reached { "reached" } else { "NOT REACHED" };
            writeln!(f, "  {word}: {what}: {is:.3}, {should_be}")?;
        }
        Ok(())
    }
}
