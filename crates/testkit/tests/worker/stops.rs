//! Workers that stop as they should, and workers that do not.

use std::time::Duration;

use artifacts::ObjectName;
use domain::clock::Clock;
use domain::export::{FailureCode, Outcome, State};
use testkit::{Event, JobStore, Moment, System, request};

use crate::{DAYS, messages, settings, system, undisturbed};

over_both_stores! {
    a_worker_that_stops_gives_back_without_counting_an_attempt,
    what_a_lost_worker_held_is_taken_over_after_one_lease,
    a_worker_that_lives_is_left_alone,
    a_snapshot_is_let_go_after_a_worker_died_before_it_could,
    an_export_that_keeps_losing_its_workers_fails,
    many_workers_make_the_same_bytes,
}

fn beginning_a_part(moment: &Moment) -> bool {
    matches!(moment, Moment::Begin(ObjectName::Part(_)))
}

async fn a_worker_that_stops_gives_back_without_counting_an_attempt(jobs: JobStore) {
    // A single counted failure would end the export.
    let system = System::with(settings(jobs).limits(|limits| limits.attempts_per_step = 1)).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    for _ in 0..3 {
        let gate = system.hold(beginning_a_part);
        let crew = system.workers(1).await;
        gate.reached_by(2).await;
        crew.tell_to_stop();
        // All on this thread: by now the worker has heard of it, and its steps wait at the gate.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        gate.open();
        crew.stop().await;
        system.leave_alone();
    }
    let given_back = system
        .jobs
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::Recorded { outcome: Outcome::GivenBack, fenced: false, .. }));
    assert_eq!(given_back.count(), 3 * 2);
    system.run_until_settled().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

async fn what_a_lost_worker_held_is_taken_over_after_one_lease(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let gate = system.hold(beginning_a_part);
    let lost = system.workers(1).await;
    gate.reached_by(2).await;
    lost.kill().await;
    system.leave_alone();

    let started = system.clock.monotonic();
    let crew = system.workers(1).await;
    system.settled(&export).await;
    let waited = system.clock.monotonic() - started;
    assert!(waited >= Duration::from_millis(system.limits().lease_milliseconds), "{waited:?}");
    assert_eq!(crew.progress.deaths(), 2);
    crew.stop().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

async fn a_worker_that_lives_is_left_alone(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let gate = system.hold(beginning_a_part);
    let slow = system.workers(1).await;
    gate.reached_by(2).await;
    let impatient = system.workers(1).await;
    // Two of the slow one's leases pass by the looker's own clock, in which it beats.
    let leases = Duration::from_millis(2 * system.limits().lease_milliseconds);
    tokio::time::timeout(leases, std::future::pending::<()>()).await.unwrap_err();
    gate.open();
    system.settled(&export).await;
    assert_eq!(impatient.progress.deaths(), 0);
    slow.stop().await;
    impatient.stop().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

async fn a_snapshot_is_let_go_after_a_worker_died_before_it_could(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let gate = system.hold(|moment| matches!(moment, Moment::Recorded(_, Outcome::Assembled { .. })));
    let crew = system.workers(1).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    gate.reached_by(1).await;
    crew.kill().await;
    system.leave_alone();
    assert!(matches!(system.get(&export).await.state, State::Succeeded { .. }));
    assert_eq!(system.lake.pins().await.unwrap().len(), 1);
    system.assert_nothing_left().await;
}

async fn an_export_that_keeps_losing_its_workers_fails(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    for deaths in 0..system.limits().attempts_per_step {
        let gate = system.hold(|moment| matches!(moment, Moment::Put(ObjectName::Plan(..))));
        let lost = system.workers(1).await;
        gate.reached_by(1).await;
        assert_eq!(lost.progress.deaths(), u64::from(deaths > 0));
        lost.kill().await;
        system.leave_alone();
    }
    system.run_until_settled().await;
    let failure = system.failure(&export).await;
    assert_eq!(failure.code, FailureCode::WorkersDied);
    assert_eq!(failure.message, "plan: the workers that ran it were lost");
    system.assert_nothing_left().await;
}

async fn many_workers_make_the_same_bytes(jobs: JobStore) {
    let expected = undisturbed(request(DAYS.0, DAYS.1)).await;
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let crew = system.workers(5).await;
    system.settled(&export).await;
    crew.stop().await;
    assert_eq!(system.archive_of_success(&export).await, expected);
    let built =
        system.jobs.events().into_iter().filter(|event| {
            matches!(event, Event::Recorded { outcome: Outcome::SegmentDone { reused: false, .. }, .. })
        });
    assert_eq!(built.count() as u32, system.get(&export).await.plan.unwrap().segments);
    system.assert_nothing_left().await;
}
