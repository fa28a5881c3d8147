//! The fleet: events in the order of their time, until every export has ended.

mod call;
mod event;
mod queue;
mod runs;
mod sweeps;
mod worker;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::dataset::Dataset;
use domain::export::State;
use domain::filter::Filter;
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::random::uuid_v7;
use domain::request::{Columns, Format, Profile, Request, Shape};
use domain::time::Micros;
use stores::NewExport;
use stores::jobs::ledger;

pub use self::call::Ask;
use self::call::Calls;
use self::event::{Event, Events};
use self::queue::Wakes;
use self::worker::Worker;
use crate::dice::Dice;
use crate::scenario::{SECOND, Scenario, Time};
use crate::store::Table;
use crate::tally::{Story, Tally};

/// The wall clock at the start: any day will do.
const START: i64 = 1_750_000_000_000_000;

/// A fleet at work.
pub struct Fleet {
    scenario: Scenario,
    dice: Dice,
    now: Time,
    events: Events,
    table: Table,
    owners: Vec<Owner>,
    wakes: Wakes,
    workers: Vec<Worker>,
    calls: Calls,
    /// Slots at work.
    busy: u64,
    /// Parts that are there.
    parts: HashSet<(ExportId, u32)>,
    /// What happens to each export.
    stories: BTreeMap<ExportId, Story>,
    unsettled: BTreeSet<ExportId>,
    last_sweep: Option<Time>,
    tally: Tally,
}

impl Fleet {
    /// A fleet that has not begun.
    pub fn new(mut scenario: Scenario) -> Self {
        if scenario.switches.one_summary || scenario.switches.serial_claims {
            scenario.limits.lanes = 1;
        }
        let name = |number| format!("org.o{number:05}").parse().expect("a good slug");
        let owners: Vec<Owner> = (0..scenario.organisations).map(name).collect();
        let mut fleet = Self {
            dice: Dice::new(scenario.seed),
            now: 0,
            events: Events::default(),
            table: Table::new(owners.clone(), scenario.limits.clone()),
            wakes: Wakes::new(&owners, scenario.switches.no_turns),
            owners,
            workers: Vec::new(),
            calls: Calls::new(scenario.organisations),
            busy: 0,
            parts: HashSet::new(),
            stories: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            last_sweep: None,
            tally: Tally::default(),
            scenario,
        };
        fleet.prepare();
        fleet
    }

    /// Runs until every export has ended, or the deadline, and says what was seen.
    pub fn run(mut self) -> (Scenario, Tally) {
        while let Some((at, event)) = self.events.next() {
            if at > self.scenario.deadline {
                break;
            }
            self.pass(at);
            self.happen(event);
            if self.is_over() {
                break;
            }
        }
        self.tally.cost = self.table.cost;
        self.tally.ended = self.now;
        self.tally.unfinished = self.unsettled.len() as u64;
        self.tally.stories = self.stories.into_values().collect();
        (self.scenario, self.tally)
    }

    fn prepare(&mut self) {
        for number in 0..self.scenario.workers {
            let start = self.dice.below(SECOND);
            self.workers.push(Worker::none());
            self.events.at(start, Event::Start { worker: number as usize });
        }
        // Workers stand ready before anybody asks.
        let load = self.scenario.load.clone();
        self.events.at(SECOND, Event::Asked { owner: 0, segments: load.large });

        for owner in (1..self.owners.len()).filter(|_| load.each > 0) {
            self.events.at(SECOND, Event::Asked { owner, segments: load.each });
        }
        if let Some(every) = load.probe_every {
            self.events.at(2 * SECOND + every, Event::Probe);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Start { worker } => self.start(worker),
            Event::Asked { owner, segments } => self.asked(owner, segments, false),
            Event::Probe => self.probe(),
            Event::Pushed { owner } => self.pushed(owner),
            Event::Woken { worker, owner } => self.woken(worker, owner),
            Event::Free { worker } => self.look_up(worker),
            Event::StepEnded { worker, run } => self.step_ended(worker, run),
            Event::Crash { worker } => self.crash(worker),
            Event::Offer { worker, run } => self.offer(worker, run),
            Event::Beat { worker } => self.beat(worker),
            Event::Sweep { worker } => self.sweep(worker),
            Event::Watched { worker, owner, export, seen } => self.watched(worker, owner, export, seen),
            Event::Read { call } => self.read(call),
            Event::Commit { call } => self.commit(call),
            Event::Answer { call, verdict } => self.answer(call, verdict),
        }
    }

    /// Time goes on; what was busy meanwhile is counted.
    fn pass(&mut self, at: Time) {
        let has_work = self.table.claimable() >= self.scenario.places();
        self.tally.pass(self.now, at, self.busy, has_work.then(|| self.scenario.places()));
        self.now = at;
    }

    fn is_over(&self) -> bool {
        let asked = self.now > SECOND && !self.stories.is_empty();
        asked && self.unsettled.is_empty()
    }

    /// The store's clock.
    const fn wall(&self) -> Micros {
        Micros(START + self.now as i64)
    }

    /// A client asks for an export.
    fn asked(&mut self, owner: usize, segments: u32, is_probe: bool) {
        let id = ExportId(uuid_v7(self.wall(), &self.dice.random));
        let new = NewExport {
            id,
            owner: self.owners[owner].clone(),
            request: request(&self.scenario.limits),
            requested_by: None,
            idempotency: None,
            per_day_limit: None,
        };
        let mut view = self.table.view(owner, self.wall());
        ledger::create(&mut view, new).expect("the table reads and writes");
        let write = view.into_write(false);
        self.table.commit(owner, &write, self.now);
        self.tally.calls.create += 2;
        self.stories.insert(id, Story::new(owner, segments, is_probe, self.now));
        self.unsettled.insert(id);
        self.push(owner);
    }

    /// One of the others asks for a small export, as long as the large one runs.
    fn probe(&mut self) {
        let large = self.stories.values().next().expect("the large one was asked for first");
        if large.ended.is_some() {
            return;
        }
        let owner = 1 + self.dice.below(self.owners.len() as u64 - 1) as usize;
        self.asked(owner, 1, true);
        let every = self.scenario.load.probe_every.unwrap_or(SECOND);
        let pause = self.dice.around(every);
        self.events.at(self.now + pause, Event::Probe);
    }

    /// Takes note of how far an export is.
    fn seen(&mut self, owner: usize, id: ExportId) {
        let Some(state) = self.table.export(owner, id).map(|export| &export.state) else { return };
        if state.is_settled() && self.unsettled.remove(&id) {
            let failed = matches!(state, State::Failed { .. });
            let story = self.stories.get_mut(&id).expect("it was asked for");
            (story.ended, story.failed) = (Some(self.now), failed);
        }
    }
}

/// What is asked decides nothing here.
fn request(limits: &Limits) -> Request {
    Request {
        dataset: Dataset::Messages,
        range: None,
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: Columns::all(Dataset::Messages),
        filter: Filter::default(),
        reuse: true,
        shape: Shape::of(limits, false),
    }
}
