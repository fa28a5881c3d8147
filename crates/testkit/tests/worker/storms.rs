//! Seeded storms: workers are killed and stopped, wakes doubled and lost, parts removed, exports cancelled, while others
//! go on. Whatever is not cancelled ends in the bytes of an undisturbed run.

use std::collections::BTreeMap;
use std::time::Duration;

use artifacts::{Artifacts, ObjectName, Prefix};
use domain::export::{Export, State};
use domain::request::{Format, Request};
use queue::{Queue, Wake};
use stores::Jobs;
use testkit::{Crew, Dice, Event, JobStore, System, is_deep, request};

use crate::{DAYS, messages, settings};

over_both_stores! {
    storms_do_not_change_a_byte,
}

const ORGS: [&str; 2] = ["acme", "zeta"];
const FORMATS: [Format; 3] = [Format::Zip, Format::Csv, Format::CsvGz];

async fn storms_do_not_change_a_byte(jobs: JobStore) {
    let mut seen = BTreeMap::new();
    for seed in 0..if is_deep() { 100 } else { 5 } {
        storm(jobs, seed, &mut seen).await;
    }
    println!("{seen:?}");
}

fn requests() -> impl Iterator<Item = (&'static str, Request)> {
    let of = |org| {
        FORMATS
            .into_iter()
            .enumerate()
            .map(move |(number, format)| (org, Request { format, reuse: number != 1, ..request(DAYS.0, DAYS.1) }))
    };
    ORGS.into_iter().flat_map(of)
}

async fn storm(jobs: JobStore, seed: u64, seen: &mut BTreeMap<&'static str, u32>) {
    // Leases so short that now and then a worker that lives loses one, too.
    let settings = settings(jobs).limits(|limits| {
        limits.attempts_per_step = 10_000;
        // Every third storm blows over small exports, each in its worker's one claim.
        limits.segment_rows_target = if seed % 3 == 2 { 1_000 } else { limits.segment_rows_target };
        (limits.lease_milliseconds, limits.heartbeat_milliseconds, limits.sweep_milliseconds) = (60, 20, 10);
        // Every other over exports that count their segments in lanes.
        limits.lane_segments = if seed.is_multiple_of(2) { 1 } else { limits.lane_segments };
    });
    let system = System::with(settings).await;
    for (org, seed) in ORGS.into_iter().zip([1, 2]) {
        system.ingest_generated(org, messages(seed)).await;
    }
    let mut expected = Vec::new();
    for (org, request) in requests() {
        let export = system.export(org, request).await;
        expected.push(system.archive_of_success(&export).await);
    }
    for part in system.objects(&Prefix::Parts).await {
        system.artifacts.delete(&part).await.unwrap();
    }

    let mut exports = Vec::new();
    for (org, request) in requests() {
        exports.push(system.create_export(org, request).await);
    }
    let mut weather =
        Weather { system: &system, dice: Dice::new(seed), cancels: seed % 2 == 1, crews: Vec::new(), seen };
    weather.blow(&exports).await;
    weather.calm().await;
    for (export, expected) in exports.iter().zip(expected) {
        let ended = system.get(export).await;
        match ended.state {
            State::Succeeded { .. } => assert!(system.archive(&ended).await == expected, "seed {seed}: {ended:?}"),
            State::Cancelled { .. } => {}
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    let late = |event: &Event| matches!(event, Event::Recorded { fenced: true, .. });
    *seen.entry("late results").or_default() += system.jobs.events().iter().filter(|event| late(event)).count() as u32;
    let taken = |event: &Event| matches!(event, Event::TookOver { .. });
    *seen.entry("take-overs").or_default() += system.jobs.events().iter().filter(|event| taken(event)).count() as u32;
    system.assert_nothing_left().await;
}

struct Weather<'a> {
    system: &'a System,
    dice: Dice,
    cancels: bool,
    crews: Vec<Crew>,
    seen: &'a mut BTreeMap<&'static str, u32>,
}

impl Weather<'_> {
    /// One thing happens after another, each after a few changes in the job store.
    async fn blow(&mut self, exports: &[Export]) {
        for _ in 0..40 {
            while self.crews.len() < 3 {
                self.crews.push(self.system.workers(1).await);
            }
            self.wait_for_changes().await;
            let what = match self.dice.below(12) {
                0..4 => self.kill().await,
                4..7 => self.stop().await,
                7..9 => self.double_wakes(exports).await,
                9 => self.lose_wakes().await,
                // Not both in one storm: nobody puts in order what a cancelled export left half removed.
                _ if self.cancels => self.cancel(exports).await,
                _ => self.remove_a_part().await,
            };
            *self.seen.entry(what).or_default() += 1;
        }
    }

    /// Up to eight changes, or a moment where everybody waits for a lease.
    async fn wait_for_changes(&mut self) {
        let mut changes = self.system.jobs.changes();
        for _ in 0..self.dice.below(8) {
            let _ = tokio::time::timeout(Duration::from_millis(30), changes.changed()).await;
        }
    }

    async fn calm(&mut self) {
        self.system.all_settled().await;
        for crew in self.crews.drain(..) {
            crew.stop().await;
        }
        self.system.run_until_settled().await;
    }

    fn one_crew(&mut self) -> Crew {
        let at = self.dice.below(self.crews.len());
        self.crews.swap_remove(at)
    }

    async fn kill(&mut self) -> &'static str {
        self.one_crew().kill().await;
        "kills"
    }

    async fn stop(&mut self) -> &'static str {
        self.one_crew().stop().await;
        "stops"
    }

    async fn double_wakes(&mut self, exports: &[Export]) -> &'static str {
        for export in exports {
            self.system.queue.push(Wake::of(export.owner.clone())).await.unwrap();
        }
        "wakes pushed"
    }

    async fn lose_wakes(&mut self) -> &'static str {
        while self.system.queue.take(Duration::ZERO).await.unwrap().is_some() {}
        "wakes lost"
    }

    async fn remove_a_part(&mut self) -> &'static str {
        let parts = self.system.objects(&Prefix::Parts).await;
        let parts: Vec<_> = parts.into_iter().filter(|object| matches!(object, ObjectName::Part(_))).collect();
        if parts.is_empty() {
            return "no part to remove";
        }
        let path = self.system.path_of(self.dice.pick(&parts));
        for path in [path.clone(), path.with_extension("json")] {
            // A worker may have been quicker.
            let _ = std::fs::remove_file(path);
        }
        "parts removed"
    }

    async fn cancel(&mut self, exports: &[Export]) -> &'static str {
        let export = self.dice.pick(exports);
        self.system.jobs.cancel(&export.owner, export.id).await.unwrap();
        "cancels"
    }
}
