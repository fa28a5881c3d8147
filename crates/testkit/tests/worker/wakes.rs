//! Wakes that are garbled, forged, doubled, too new, or lost.

use std::time::Duration;

use domain::clock::Clock;
use domain::owner::Owner;
use queue::{Message, Queue, Wake};
use testkit::{JobStore, System, request};

use crate::{DAYS, messages, system, undisturbed};

over_both_stores! {
    what_is_no_wake_is_dropped,
    doubled_wakes_do_no_harm,
    a_newer_wake_is_left_to_a_newer_worker,
    a_lost_wake_is_made_good_by_the_sweeper,
    one_of_all_workers_sweeps,
}

async fn put(system: &System, message: &str) {
    system.queue.push_later(Message(message.into()), Duration::ZERO).await.unwrap();
}

async fn what_is_no_wake_is_dropped(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    for garbled in
        ["", "{", "\u{0}\u{1}", r#"{"version":1}"#, r#"{"version":0,"owner":"org.acme"}"#, &"x".repeat(5_000)]
    {
        put(&system, garbled).await;
    }
    // Owners that do not exist, and one that could be a path.
    for forged in ["org.nobody", "user.01890a5d-ac96-774b-bcce-b302099a8057", "org.../../acme"] {
        put(&system, &format!(r#"{{"version":1,"owner":"{forged}"}}"#)).await;
    }
    let export = system.export("acme", request(DAYS.0, DAYS.1)).await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

async fn doubled_wakes_do_no_harm(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let crew = system.workers(3).await;
    let mut changes = system.jobs.changes();
    while !system.get(&export).await.state.is_settled() {
        changes.changed().await.unwrap();
        for owner in ["org.acme", "org.nobody"] {
            system.queue.push(Wake::of(owner.parse::<Owner>().unwrap())).await.unwrap();
        }
    }
    crew.stop().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

async fn a_newer_wake_is_left_to_a_newer_worker(jobs: JobStore) {
    let newer = Message(br#"{"version":65535,"owners":["org.acme"]}"#.to_vec());
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    put(&system, std::str::from_utf8(&newer.0).unwrap()).await;
    system.export("acme", request(DAYS.0, DAYS.1)).await;
    let mut given_back = false;
    while let Some(message) = system.queue.take(Duration::from_secs(5)).await.unwrap() {
        given_back |= message == newer;
        if given_back {
            break;
        }
    }
    assert!(given_back);
    system.assert_nothing_left().await;
}

async fn a_lost_wake_is_made_good_by_the_sweeper(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.create_quietly("acme", request(DAYS.0, DAYS.1)).await;
    assert!(system.queue.is_empty().await.unwrap());
    system.run_until_settled().await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(request(DAYS.0, DAYS.1)).await);
    system.assert_nothing_left().await;
}

/// However many workers there are, what is due is looked for as often as one of them would.
async fn one_of_all_workers_sweeps(jobs: JobStore) {
    let system = system(jobs).await;
    let begin = system.clock.monotonic();
    let crew = system.workers(4).await;
    while system.jobs.sweeps() < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (sweeps, passed) = (u128::from(system.jobs.sweeps()), system.clock.monotonic() - begin);
    let pause = Duration::from_millis(system.limits().sweep_milliseconds) * 9 / 10;
    assert!(sweeps <= passed.as_millis() / pause.as_millis() + 2, "{sweeps} in {passed:?}");
    crew.stop().await;
    system.assert_nothing_left().await;
}
