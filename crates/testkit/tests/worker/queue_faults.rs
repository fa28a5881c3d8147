//! A queue that is away, full, slow, silent or emptied: exports end all the same, and nothing spins.

use std::time::Duration;

use domain::clock::Clock;
use queue::{Queue, Wake};
use testkit::{DEADLINE, JobStore, QueueFault, System, request};

use crate::{DAYS, messages, system, undisturbed};

over_both_stores! {
    exports_end_while_the_queue_is_away,
    exports_end_while_the_queue_is_full,
    exports_end_while_the_queue_is_silent,
    exports_end_while_the_queue_is_slow,
    exports_end_while_the_queue_is_emptied,
    exports_end_while_the_queue_loses_all,
    the_queue_comes_and_goes,
    what_was_pushed_in_vain_is_found_when_the_queue_is_back,
}

/// Three owners at once, two workers, the fault there from before the first request to after the last letter.
async fn exports_end(jobs: JobStore, fault: QueueFault) {
    let system = system(jobs).await;
    let mut exports = Vec::new();
    for org in ["acme", "beta", "gamma"] {
        system.ingest_generated(org, messages(1)).await;
    }
    system.queue.set(Some(fault));
    let crew = system.workers(2).await;
    for org in ["acme", "beta", "gamma"] {
        exports.push(system.create_quietly(org, request(DAYS.0, DAYS.1)).await);
    }
    system.all_settled().await;
    crew.stop().await;
    system.queue.set(None);
    let expected = undisturbed(request(DAYS.0, DAYS.1)).await;
    assert_eq!(system.archive_of_success(&exports[0]).await, expected);
    for export in &exports[1..] {
        system.archive_of_success(export).await;
    }
    system.assert_nothing_left().await;
}

async fn exports_end_while_the_queue_is_away(jobs: JobStore) {
    exports_end(jobs, QueueFault::Refuses).await;
}

async fn exports_end_while_the_queue_is_full(jobs: JobStore) {
    exports_end(jobs, QueueFault::IsFull).await;
}

async fn exports_end_while_the_queue_is_silent(jobs: JobStore) {
    exports_end(jobs, QueueFault::Hangs).await;
}

async fn exports_end_while_the_queue_is_slow(jobs: JobStore) {
    exports_end(jobs, QueueFault::IsSlow(Duration::from_millis(100))).await;
}

async fn exports_end_while_the_queue_is_emptied(jobs: JobStore) {
    exports_end(jobs, QueueFault::Forgets).await;
}

async fn exports_end_while_the_queue_loses_all(jobs: JobStore) {
    exports_end(jobs, QueueFault::LosesAll).await;
}

/// At each step that is recorded the queue changes its mind.
async fn the_queue_comes_and_goes(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let crew = system.workers(3).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let faults = [
        None,
        Some(QueueFault::Refuses),
        Some(QueueFault::IsFull),
        Some(QueueFault::Forgets),
        Some(QueueFault::LosesAll),
    ];
    let (mut changes, mut turn) = (system.jobs.changes(), 0);
    while !system.get(&export).await.state.is_settled() {
        changes.changed().await.unwrap();
        turn += 1;
        system.queue.set(faults[turn % faults.len()]);
    }
    system.queue.set(None);
    system.all_settled().await;
    crew.stop().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

/// With sweeps an hour apart, only the end of the fault can make a worker look.
async fn what_was_pushed_in_vain_is_found_when_the_queue_is_back(jobs: JobStore) {
    let settings = crate::settings(jobs).limits(|limits| limits.sweep_milliseconds = 3_600_000);
    let system = System::with(settings).await;
    system.ingest_generated("acme", messages(1)).await;
    // The first sweep is at once; a letter of a first export shows that it is over.
    let crew = system.workers(1).await;
    let first = system.create_export("acme", request(DAYS.0, DAYS.0)).await;
    system.settled(&first).await;
    system.queue.set(Some(QueueFault::Refuses));
    let export = system.create_quietly("acme", request(DAYS.0, DAYS.1)).await;
    assert!(system.queue.push(Wake::of(export.owner.clone())).await.is_err());
    let (before, start) = (system.queue.calls(), system.clock.monotonic());
    // The end of the first export may call it, too.
    let asks = async {
        while system.queue.calls() < before + 9 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asks).await.expect("the worker goes on asking");
    let waited = system.clock.monotonic() - start;
    assert!(waited > Duration::from_millis(900), "it asked nine times within {waited:?}");
    system.queue.set(None);
    system.settled(&export).await;
    crew.stop().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}
