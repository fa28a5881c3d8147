//! Owners take turns: small exports do not wait behind a large one.

use std::sync::Arc;

use domain::export::{Export, Outcome};
use domain::owner::Owner;
use stores::Jobs;
use testkit::{Act, Event, JobStore, LoggedJobs, Messages, Moment, System, request};

use crate::{DAYS, messages, settings};

over_both_stores! {
    small_exports_do_not_wait_behind_a_large_one,
}

/// Steps that an owner's workers took.
fn steps_of(events: &[Event], owner: &Owner) -> usize {
    let steps = |event: &Event| match event {
        Event::Claimed { owner: of, steps, .. } if of == owner => steps.len(),
        _ => 0,
    };
    events.iter().map(steps).sum()
}

/// Where in the log an export ends.
fn end_of(events: &[Event], export: &Export) -> usize {
    let is_end = |event: &Event| match event {
        Event::Recorded { lease, outcome: Outcome::Assembled { .. }, .. } => lease.export == export.id,
        _ => false,
    };
    events.iter().position(is_end).expect("it ended")
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

async fn small_exports_do_not_wait_behind_a_large_one(jobs: JobStore) {
    let system = System::with(settings(jobs).limits(|limits| limits.segment_rows_target = 5)).await;
    system.ingest_generated("large", Messages { count: 600, ..messages(1) }).await;
    system.ingest_generated("small", Messages { count: 3, days: 1, ..messages(2) }).await;
    let (large, small): (Owner, Owner) = ("org.large".parse().unwrap(), "org.small".parse().unwrap());
    let (log, of) = (Arc::clone(&system.jobs), small.clone());
    system.on(move |moment| match moment {
        Moment::Record(lease, _) if lease.owner != of => Some(as_long_as_a_small_one(&log, &of)),
        _ => None,
    });
    let big = system.create_export("large", request(DAYS.0, DAYS.1)).await;
    let crew = system.workers(1).await;
    system.until(&big, "segments", |export| export.built_parts > 3).await;
    let mut exports: Vec<(Export, usize)> = Vec::new();
    for _ in 0..10 {
        let created_at = system.jobs.events().len();
        exports.push((system.create_export("small", request("2024-01-01", "2024-01-01")).await, created_at));
    }
    for (export, created_at) in &exports {
        system.settled(export).await;
        let events = system.jobs.events();
        let meanwhile = &events[*created_at..end_of(&events, export)];
        let (of_large, of_small) = (steps_of(meanwhile, &large), steps_of(meanwhile, &small));
        assert!(of_large <= of_small + 1, "the large one ran {of_large} steps, the small ones {of_small}");
    }
    assert!(!system.get(&big).await.state.is_settled(), "the large one was too small for this");
    system.jobs.cancel(&big.owner, big.id).await.unwrap();
    system.settled(&big).await;
    crew.stop().await;
    system.assert_nothing_left().await;
}
