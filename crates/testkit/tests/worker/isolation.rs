//! Data that comes while an export runs, and after it.

use artifacts::ObjectName;
use domain::request::{Format, Request};
use domain::time::Day;
use testkit::{JobStore, Messages, Moment, message, request};

use crate::{DAYS, messages, system, undisturbed};

over_both_stores! {
    an_export_sees_the_data_of_its_beginning,
    one_row_more_is_one_row_more,
    organisations_do_not_meet,
}

fn more() -> Messages {
    Messages { seed: 2, count: 40, from: Day(19_724), days: 2 }
}

async fn an_export_sees_the_data_of_its_beginning(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let first = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let gate = system.hold(|moment| matches!(moment, Moment::Begin(ObjectName::Part(_))));
    let crew = system.workers(1).await;
    gate.reached_by(1).await;
    system.ingest_generated("acme", more()).await;
    gate.open();
    let first = system.settled(&first).await;
    system.leave_alone();
    let second = system.create_export("acme", request(DAYS.0, DAYS.1)).await;
    let second = system.settled(&second).await;
    crew.stop().await;
    assert_eq!(system.archive_of_success(&first).await, undisturbed(request(DAYS.0, DAYS.1)).await);

    // The same rows in one batch, in a system of their own.
    let other = crate::system(jobs).await;
    let all: Vec<String> = more().lines().into_iter().chain(messages(1).lines()).collect();
    other.ingest("acme", &all).await;
    let whole = other.export("acme", request(DAYS.0, DAYS.1)).await;
    let expected = other.archive_of_success(&whole).await;
    assert_eq!(system.archive_of_success(&second).await, expected);
    // Days without new rows are as they were.
    assert!(second.reused_parts > 0 && second.built_parts > 0, "{second:?}");
    assert!(second.rows > first.rows);
    for system in [system, other] {
        system.assert_nothing_left().await;
    }
}

async fn one_row_more_is_one_row_more(jobs: JobStore) {
    let system = system(jobs).await;
    system.ingest_generated("acme", messages(1)).await;
    let asked = Request { format: Format::Csv, ..request("2024-01-03", "2024-01-03") };
    let first = system.export("acme", asked.clone()).await;
    let again = system.export("acme", asked.clone()).await;
    assert_eq!((again.built_parts, again.reused_parts), (0, first.built_parts));
    let line = message("one-more", Day(19_725).utc_start().plus(5), "this came later").to_string();
    system.ingest("acme", &[line]).await;
    let last = system.export("acme", asked).await;
    assert_eq!((last.rows, last.reused_parts), (first.rows + 1, 0));
    let csv = |files: std::collections::BTreeMap<String, Vec<u8>>| {
        String::from_utf8(files.into_values().next().unwrap()).unwrap()
    };
    let (before, after) = (csv(system.archive_of_success(&first).await), csv(system.archive_of_success(&last).await));
    assert!(!before.contains("one-more"));
    assert_eq!(after.replace("one-more,,,,2024-01-03T00:00:00.000005Z,,message,this came later,\r\n", ""), before);
    system.assert_nothing_left().await;
}

async fn organisations_do_not_meet(jobs: JobStore) {
    let system = system(jobs).await;
    for (org, seed) in [("acme", 1), ("acme-2", 5)] {
        system.ingest_generated(org, messages(seed)).await;
    }
    let asked = Request { format: Format::Csv, ..request(DAYS.0, DAYS.1) };
    let export = system.export("acme", asked.clone()).await;
    assert_eq!(system.archive_of_success(&export).await, undisturbed(asked).await);
    let nothing = system.export("nobody", request(DAYS.0, DAYS.1)).await;
    assert_eq!(system.archive_of_success(&nothing).await.len(), 1);
    assert_eq!(nothing.rows, 0);
    system.assert_nothing_left().await;
}
