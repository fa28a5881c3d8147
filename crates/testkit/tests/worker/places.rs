//! Who is served when: places of an organisation, and fair turns between organisations.

use std::sync::{Arc, Mutex};

use domain::export::{Outcome, State, Step};
use stores::Jobs;
use testkit::{Act, Event, JobStore, Moment, Settings, System, request};

use crate::{DAYS, messages, settings};

over_both_stores! {
    no_more_run_than_there_are_places,
    organisations_take_turns,
    exports_of_one_organisation_take_turns_too,
}

async fn no_more_run_than_there_are_places(jobs: JobStore) {
    let system = System::with(settings(jobs).limits(|limits| limits.running_exports_per_organisation = 2)).await;
    let system = Arc::new(system);
    system.ingest_generated("acme", messages(1)).await;
    let mut exports = Vec::new();
    for day in 1..=5 {
        let day = format!("2024-01-0{day}");
        exports.push(system.create_export("acme", request(&day, &day)).await);
    }
    let states: Vec<_> = exports.iter().map(|export| export.state.name()).collect();
    assert_eq!(states, ["running", "running", "queued", "queued", "queued"]);

    let (inside, counts) = (Arc::downgrade(&system), Arc::new(Mutex::new(Vec::new())));
    let (counted, owner) = (Arc::clone(&counts), exports[0].owner.clone());
    system.on(move |moment| {
        let (inside, counted, owner) = (inside.clone(), Arc::clone(&counted), owner.clone());
        let count = move || -> Act {
            Box::pin(async move {
                let unsettled = inside.upgrade().unwrap().jobs.unsettled(&owner).await.unwrap();
                let running = unsettled.iter().filter(|export| matches!(export.state, State::Running(_)));
                counted.lock().unwrap().push(running.count());
            })
        };
        matches!(moment, Moment::Record(..)).then(count)
    });
    let crew = system.workers(2).await;
    system.all_settled().await;
    crew.stop().await;
    let counts = counts.lock().unwrap().clone();
    assert!(counts.iter().all(|running| (1..=2).contains(running)), "{counts:?}");
    assert!(counts.contains(&2));

    // They begin in the order in which they were asked for.
    let begun = system.jobs.events().into_iter().filter_map(|event| match event {
        Event::Claimed { export, steps, .. } if steps == [Step::Plan] => Some(export),
        _ => None,
    });
    assert_eq!(begun.collect::<Vec<_>>(), exports.iter().map(|export| export.id).collect::<Vec<_>>());
    system.assert_nothing_left().await;
}

async fn organisations_take_turns(jobs: JobStore) {
    // The clock stands, so that no look comes between; one slot, so that there is one order.
    let settings = Settings { slots: 1, clock_stands: true, ..settings(jobs) };
    let system = System::with(settings.limits(|limits| limits.segment_rows_target = 10)).await;
    for org in ["large", "small"] {
        system.ingest_generated(org, messages(1)).await;
    }
    let large = system.create_export("large", request(DAYS.0, DAYS.1)).await;
    let small = system.create_export("small", request(DAYS.0, "2024-01-02")).await;
    system.run_until_settled().await;
    let turns = system.jobs.events().into_iter().filter_map(|event| match event {
        Event::Claimed { owner, steps, .. } if matches!(steps[..], [Step::Segment(_)]) => Some(owner),
        _ => None,
    });
    let turns: Vec<_> = turns.collect();
    let (ours, theirs) =
        (system.get(&small).await.plan.unwrap().segments, system.get(&large).await.plan.unwrap().segments);
    assert!(ours > 10 && theirs > 2 * ours, "{ours} {theirs}");
    assert_eq!(turns.len() as u32, ours + theirs);
    // As long as both have something to do, each has every other turn.
    let last = turns.iter().rposition(|owner| *owner == small.owner).unwrap();
    let doubled = turns[..last].windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(doubled <= 1, "{turns:?}");
    system.assert_nothing_left().await;
}

async fn exports_of_one_organisation_take_turns_too(jobs: JobStore) {
    let settings = Settings { slots: 1, clock_stands: true, ..settings(jobs) };
    let system = System::with(settings.limits(|limits| limits.segment_rows_target = 10)).await;
    system.ingest_generated("acme", messages(1)).await;
    let (first, second) = ((DAYS.0, "2024-01-02"), ("2024-01-03", DAYS.1));
    let first = system.create_export("acme", request(first.0, first.1)).await;
    let second = system.create_export("acme", request(second.0, second.1)).await;
    system.run_until_settled().await;
    let ends = system.jobs.events().into_iter().filter_map(|event| match event {
        Event::Recorded { lease, outcome: Outcome::SegmentDone { .. }, .. } => Some(lease.export),
        _ => None,
    });
    let ends: Vec<_> = ends.collect();
    let last = ends.iter().rposition(|id| *id == first.id).unwrap();
    let doubled = ends[..last].windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(doubled <= 1 && ends.contains(&second.id), "{ends:?}");
    system.assert_nothing_left().await;
}
