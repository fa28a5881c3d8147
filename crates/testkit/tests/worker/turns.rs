//! Owners take turns: small exports do not wait behind a large one.

use std::sync::Arc;

use domain::export::{Export, Outcome};
use domain::owner::Owner;
use stores::Jobs;
use testkit::{Act, Event, JobStore, LoggedJobs, Messages, Moment, Settings, System, request};

use crate::{DAYS, messages, settings};

over_both_stores! {
    small_exports_do_not_wait_behind_a_large_one,
    a_small_export_goes_its_way_under_one_claim,
    a_small_export_outlives_its_workers,
}

/// Steps that an owner's workers took.
fn steps_of(events: &[Event], owner: &Owner) -> usize {
    let steps = |event: &Event| match event {
        Event::Claimed { owner: of, steps, .. } if of == owner => steps.len(),
        _ => 0,
    };
    events.iter().map(steps).sum()
}

/// The log until an export ends. The store may know of the end before the log does.
async fn until_end_of(jobs: &LoggedJobs, export: &Export) -> Vec<Event> {
    let is_end = |event: &Event| match event {
        Event::Recorded { lease, outcome: Outcome::Assembled { .. }, .. } => lease.export == export.id,
        _ => false,
    };
    let mut changes = jobs.changes();
    loop {
        changes.borrow_and_update();
        let mut events = jobs.events();
        if let Some(end) = events.iter().position(is_end) {
            events.truncate(end);
            return events;
        }
        changes.changed().await.expect("the job store stands");
    }
}

/// How many results of an owner there are, and whether all it took is recorded.
fn progress_of(jobs: &LoggedJobs, owner: &Owner) -> (usize, bool) {
    let events = jobs.events();
    let recorded = |event: &&Event| matches!(event, Event::Recorded { lease, .. } if lease.owner == *owner);
    let recorded = events.iter().filter(recorded).count();
    (recorded, recorded == steps_of(&events, owner))
}

/// A step of the large export takes as long as one of the small ones, where one of them is at work.
fn as_long_as_a_small_one(jobs: &Arc<LoggedJobs>, small: &Owner) -> Act {
    let (jobs, small) = (Arc::clone(jobs), small.clone());
    Box::pin(async move {
        let mut changes = jobs.changes();
        let (before, _) = progress_of(&jobs, &small);
        loop {
            let (now, idle) = progress_of(&jobs, &small);
            if idle || now > before {
                return;
            }
            changes.changed().await.expect("the job store stands");
        }
    })
}

/// Steps that claims gave, apart from those that a result brought along.
fn claims_of(events: &[Event], export: &Export) -> usize {
    let brought = |before: &Event| matches!(before, Event::Recorded { lease, .. } if lease.export == export.id);
    let is_claim = |pair: &[Event]| {
        matches!(&pair[1], Event::Claimed { export: of, .. } if *of == export.id) && !brought(&pair[0])
    };
    let first = matches!(events.first(), Some(Event::Claimed { export: of, .. }) if *of == export.id);
    usize::from(first) + events.windows(2).filter(|pair| is_claim(pair)).count()
}

async fn a_small_export_goes_its_way_under_one_claim(jobs: JobStore) {
    let system = System::with(settings(jobs)).await;
    system.ingest_generated("small", Messages { count: 30, days: 3, ..messages(1) }).await;
    let export = system.export("small", request("2024-01-01", "2024-01-03")).await;
    let events = system.jobs.events();
    assert_eq!((claims_of(&events, &export), steps_of(&events, &export.owner)), (1, 3), "{events:#?}");
    system.assert_nothing_left().await;
}

async fn a_small_export_outlives_its_workers(jobs: JobStore) {
    let small = || System::with(settings(jobs).limits(|limits| limits.segment_rows_target = 1_000));
    let undisturbed = small().await;
    undisturbed.ingest_generated("acme", messages(1)).await;
    let expected = undisturbed.export("acme", request(DAYS.0, DAYS.1)).await;
    let expected = undisturbed.archive_of_success(&expected).await;
    let system = small().await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    // Each dies with the lease of the next step, which it was given and never heard of.
    let is_plan = |moment: &Moment| matches!(moment, Moment::Recorded(_, Outcome::Planned(_)));
    let is_segment = |moment: &Moment| matches!(moment, Moment::Recorded(_, Outcome::SegmentDone { .. }));
    for is_one in [is_plan, is_segment] {
        let gate = system.hold(is_one);
        let lost = system.workers(1).await;
        gate.reached_by(1).await;
        lost.kill().await;
        system.leave_alone();
    }
    let crew = system.workers(1).await;
    system.settled(&export).await;
    assert_eq!(crew.progress.deaths(), 1);
    crew.stop().await;
    assert_eq!(system.archive_of_success(&export).await, expected);
    undisturbed.assert_nothing_left().await;
    system.assert_nothing_left().await;
}

async fn small_exports_do_not_wait_behind_a_large_one(jobs: JobStore) {
    for (workers, slots) in [(1, 1), (1, 2), (2, 1)] {
        large_and_small(jobs, workers, slots).await;
    }
}

async fn large_and_small(jobs: JobStore, workers: usize, slots: u32) {
    let settings = Settings { slots, ..settings(jobs) };
    let system = System::with(settings.limits(|limits| limits.segment_rows_target = 5)).await;
    system.ingest_generated("large", Messages { count: 600, ..messages(1) }).await;
    system.ingest_generated("small", Messages { count: 3, days: 1, ..messages(2) }).await;
    let (large, small): (Owner, Owner) = ("org.large".parse().unwrap(), "org.small".parse().unwrap());
    let (log, of) = (Arc::clone(&system.jobs), small.clone());
    system.on(move |moment| match moment {
        Moment::Record(lease, _) if lease.owner != of => Some(as_long_as_a_small_one(&log, &of)),
        _ => None,
    });
    let big = system.create_export("large", request(DAYS.0, DAYS.1)).await;
    let crew = system.workers(workers).await;
    system.until(&big, "segments", |export| export.built_parts > 3).await;
    let mut exports: Vec<(Export, usize)> = Vec::new();
    for _ in 0..10 {
        let created_at = system.jobs.events().len();
        exports.push((system.create_export("small", request("2024-01-01", "2024-01-01")).await, created_at));
    }
    for (export, created_at) in &exports {
        system.settled(export).await;
        let meanwhile = &until_end_of(&system.jobs, export).await[*created_at..];
        let (of_large, of_small) = (steps_of(meanwhile, &large), steps_of(meanwhile, &small));
        let at_once = workers * slots as usize;
        assert!(of_large <= of_small + at_once, "{workers}x{slots}: large {of_large} steps, small {of_small}");
    }
    assert!(!system.get(&big).await.state.is_settled(), "the large one was too small for this");
    system.jobs.cancel(&big.owner, big.id).await.unwrap();
    system.settled(&big).await;
    crew.stop().await;
    system.assert_nothing_left().await;
}
