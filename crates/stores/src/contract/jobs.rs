//! What every job store must do.

mod census;
mod claim;
mod create;
mod history;
mod lanes;
mod look;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use domain::calendar::{DateRange, Zone};
use domain::clock::{Clock, ManualClock};
use domain::dataset::Dataset;
use domain::export::{Export, Lease, Outcome, PlanFacts, Requester};
use domain::filter::Filter;
use domain::ids::{ExportId, UserId, WorkerId};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::random::{Random, uuid_v7};
use domain::request::{Columns, Format, Profile, Request, Shape};
use domain::time::{DAY, Day, Micros};

use crate::{Claimed, Created, Jobs, NewExport, Recorded, SegmentProgress, StoreError, Then};

pub use self::census::a_census_counts_everything;
pub use self::claim::{
    claims_take_turns, one_claim_is_enough, one_write_claims_so_many, owners_are_apart,
    small_exports_stay_with_their_worker,
};
pub use self::create::{a_day_has_its_limit, a_key_is_good_for_one_request, exports_are_created_and_listed};
pub use self::history::random_histories_end_well;
pub use self::lanes::{
    a_lane_out_of_attempts_fails_the_export, a_large_export_is_counted_in_lanes, cancelled_lanes_are_fenced,
    dead_workers_of_lanes_are_replaced, lanes_take_turns_with_other_exports,
};
pub use self::look::{a_dead_worker_is_replaced, a_look_is_put_off, due_owners_come_earliest_first};
pub use self::settle::{
    a_cancelled_export_fences_its_workers, a_place_goes_to_the_next, an_export_runs_to_its_end,
    failed_segments_are_asked_for_again, gone_parts_are_built_again, late_results_are_fenced,
    letters_have_attempts_of_their_own, segments_out_of_attempts_fail_the_export,
};

/// Runs the suite: `$make` turns a clock and limits into an empty job store and something to keep meanwhile; where `$there` is false
/// the tests pass.
#[macro_export]
macro_rules! jobs_contract {
    ($make:expr $(, if $there:expr)?) => {
        $crate::contract_tests!(jobs_contract, $crate::contract::jobs, $make $(, if $there)?;
            exports_are_created_and_listed a_key_is_good_for_one_request a_day_has_its_limit
            claims_take_turns one_write_claims_so_many small_exports_stay_with_their_worker
            one_claim_is_enough owners_are_apart
            an_export_runs_to_its_end late_results_are_fenced a_place_goes_to_the_next
            a_cancelled_export_fences_its_workers gone_parts_are_built_again segments_out_of_attempts_fail_the_export
            failed_segments_are_asked_for_again letters_have_attempts_of_their_own
            a_look_is_put_off a_dead_worker_is_replaced due_owners_come_earliest_first
            a_census_counts_everything
            a_large_export_is_counted_in_lanes lanes_take_turns_with_other_exports cancelled_lanes_are_fenced
            a_lane_out_of_attempts_fails_the_export dead_workers_of_lanes_are_replaced random_histories_end_well);
    };
}

/// What a check answers: the store's own failures end it.
type Checked = Result<(), StoreError>;

/// A job store, what it was made with, and what keeps it.
struct World<J, K> {
    jobs: J,
    clock: Arc<ManualClock>,
    limits: Limits,
    _keep: K,
}

impl<J: Jobs, K> World<J, K> {
    async fn new(limits: Limits, make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Self {
        // Noon, so that a test does not run over the end of a day.
        let clock = Arc::new(ManualClock::at(Micros(19_700 * DAY + DAY / 2)));
        let (keep, jobs) = make(clock.clone(), limits.clone()).await;
        Self { jobs, clock, limits, _keep: keep }
    }

    fn pass(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Creates an export without key or limit.
    async fn create(&self, number: u32) -> Result<Export, StoreError> {
        match self.jobs.create(new(number)).await? {
            Created::New(export) => Ok(export),
            other => panic!("not created: {other:?}"),
        }
    }

    /// Creates an export and its plan.
    async fn planned(&self, number: u32, segments: u32) -> Result<Export, StoreError> {
        self.create(number).await?;
        let lease = self.claim(1, 1).await?.leases.remove(0);
        self.done(&lease, planned(segments)).await
    }

    /// Brings a fresh export without rows to its success.
    async fn finish(&self, number: u32) -> Result<Export, StoreError> {
        for outcome in [planned(0), Outcome::Assembled { files: Vec::new() }] {
            let mut leases = self.claim(1, 1).await?.leases;
            let mine = leases.iter().position(|lease| lease.export == id(number)).expect("it comes first");
            self.done(&leases.remove(mine), outcome).await?;
        }
        self.get(number).await
    }

    async fn claim(&self, by: u32, room: u32) -> Result<Claimed, StoreError> {
        Ok(self.jobs.claim(&acme(), worker(by), room).await?.expect("something can be claimed"))
    }

    /// Records a result that counts.
    async fn done(&self, lease: &Lease, outcome: Outcome) -> Result<Export, StoreError> {
        match self.jobs.record(lease, outcome, Then::LetGo).await? {
            Recorded::Done { export, .. } => Ok(*export),
            Recorded::Fenced => panic!("{lease:?} is fenced"),
        }
    }

    async fn get(&self, number: u32) -> Result<Export, StoreError> {
        Ok(self.jobs.get(&acme(), id(number)).await?.expect("it was created"))
    }

    async fn progress(&self, number: u32) -> Result<Vec<SegmentProgress>, StoreError> {
        let states = self.jobs.segments(&acme(), id(number), 0, u32::MAX).await?;
        assert!(states.iter().zip(0..).all(|(state, number)| state.number == number));
        Ok(states.into_iter().map(|state| state.progress).collect())
    }
}

fn acme() -> Owner {
    owner("acme")
}

fn owner(slug: &str) -> Owner {
    Owner::Organisation(slug.parse().expect("the tests use good slugs"))
}

/// Ids that sort by their number.
fn id(number: u32) -> ExportId {
    ExportId(uuid_v7(Micros(i64::from(number) * 1_000), &Zeros))
}

fn worker(number: u32) -> WorkerId {
    WorkerId(uuid_v7(Micros(i64::from(number) * 1_000), &Zeros))
}

struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn request() -> Request {
    Request {
        dataset: Dataset::Messages,
        range: Some(DateRange::new(Day(0), Day(9), Zone::utc()).expect("the days come in order")),
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: Columns::all(Dataset::Messages),
        filter: Filter::default(),
        reuse: true,
        shape: Shape::of(&Limits::default(), false),
    }
}

fn requester() -> Requester {
    let email = "u1@example.org".parse().expect("the tests use good addresses");
    Requester { user: UserId(worker(1).0), email }
}

fn new(number: u32) -> NewExport {
    NewExport {
        id: id(number),
        owner: acme(),
        request: request(),
        requested_by: None,
        idempotency: None,
        per_day_limit: None,
    }
}

const fn planned(segments: u32) -> Outcome {
    Outcome::Planned(PlanFacts { snapshot: 1, segments, rows: 10 })
}

const fn built(rows: u64) -> Outcome {
    Outcome::SegmentDone { rows, bytes: rows * 10, reused: false }
}

fn failed() -> Outcome {
    Outcome::Failed { message: "a disk was full".to_owned(), days: Some((Day(3), Day(4))) }
}
