//! What only shows by what the server is asked, over a way that breaks, and at the limits of items.

mod costs;
mod faults;
mod limits;
mod sharing;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use domain::calendar::{DateRange, Zone};
use domain::clock::{Clock, ManualClock};
use domain::dataset::Dataset;
use domain::export::{Lease, Outcome, PlanFacts};
use domain::filter::Filter;
use domain::ids::{ExportId, WorkerId};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::request::{Columns, Format, Profile, Request, Shape};
use domain::time::Micros;
use engines::{AwsFaults, Tables};
use stores::{Jobs, NewExport, Recorded, Then};

use crate::testing::{open, options, random};
use crate::{DynamoOptions, DynamoStores};

/// Noon, so that a test does not run over the end of a day.
const NOON: Micros = Micros(1_700_049_600_000_000);

/// Stores in tables of their own on DynamoDB Local, by a way that may break.
struct World {
    tables: Tables,
    faults: AwsFaults,
    stores: DynamoStores,
    clock: Arc<ManualClock>,
}

impl World {
    async fn new(limits: Limits) -> Option<Self> {
        let tables = Tables::local()?;
        let clock = Arc::new(ManualClock::at(NOON));
        let (tables, _) = open(tables, clock.clone(), limits.clone()).await;
        let faults = AwsFaults::to(tables.endpoint());
        let stores = another(&through(&tables, &faults), &clock, &limits).await;
        Some(Self { tables, faults, stores, clock })
    }

    /// An export with its plan.
    async fn planned(&self, number: u128, segments: u32) {
        self.stores.create(new(number)).await.unwrap();
        let plan = self.claim(1, 1).await.remove(0);
        self.done(&plan, Outcome::Planned(PlanFacts { snapshot: 1, segments, rows: 1_000_000 })).await;
    }

    async fn claim(&self, by: u128, room: u32) -> Vec<Lease> {
        self.stores.claim(&acme(), worker(by), room).await.unwrap().expect("something can be claimed").leases
    }

    async fn done(&self, lease: &Lease, outcome: Outcome) {
        let recorded = self.stores.record(lease, outcome, Then::LetGo).await.unwrap();
        assert!(matches!(recorded, Recorded::Done { .. }), "{lease:?}");
    }

    /// How often the server was asked for each kind of call since the counts began.
    fn calls(&self, operation: &str) -> u32 {
        let tries = self.faults.tries();
        tries.iter().filter(|(call, _)| call.operation() == operation).map(|(_, tries)| tries).sum()
    }

    fn all_calls(&self) -> u32 {
        self.faults.tries().iter().map(|(_, tries)| tries).sum()
    }
}

/// Options for the way that may break, with waits for a test.
fn through(tables: &Tables, faults: &AwsFaults) -> DynamoOptions {
    let mut options = options(tables);
    options.place.endpoint = Some(faults.endpoint());
    options
}

/// The stores of another process.
async fn another(options: &DynamoOptions, clock: &Arc<ManualClock>, limits: &Limits) -> DynamoStores {
    let clock: Arc<dyn Clock> = clock.clone();
    DynamoStores::open(options, limits.clone(), clock, random()).await.unwrap()
}

fn acme() -> Owner {
    "org.acme".parse().unwrap()
}

fn id(number: u128) -> ExportId {
    uuid(number).parse().unwrap()
}

fn worker(number: u128) -> WorkerId {
    uuid(number).parse().unwrap()
}

fn uuid(number: u128) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

fn new(number: u128) -> NewExport {
    let range = DateRange::new("2024-01-01".parse().unwrap(), "2024-01-31".parse().unwrap(), Zone::utc());
    let request = Request {
        dataset: Dataset::Messages,
        range: Some(range.unwrap()),
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: Columns::all(Dataset::Messages),
        filter: Filter::default(),
        reuse: true,
        shape: Shape::of(&Limits::default(), false),
    };
    NewExport { id: id(number), owner: acme(), request, requested_by: None, idempotency: None, per_day_limit: None }
}

/// An export with a filter of so many bytes or a little more.
fn filtered(number: u128, bytes: usize) -> NewExport {
    let mut new = new(number);
    let channels = (0..bytes / 20).map(|channel| format!("channel-{channel:09}"));
    new.request.filter.channels = Some(channels.collect());
    new
}

const fn built(rows: u64) -> Outcome {
    Outcome::SegmentDone { rows, bytes: rows * 10, reused: false }
}
