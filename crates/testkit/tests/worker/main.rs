//! The worker in the whole system: what storage, other workers, people and the queue do to it, and what must hold.

mod ends;
mod isolation;
mod parts;
mod places;
mod refusals;
mod stops;
mod wakes;

use std::collections::BTreeMap;

use domain::time::Day;
use testkit::{Messages, System};

/// Messages of the first five days of 2024: with the small target they make a segment of each day or of each window.
fn messages(seed: u64) -> Messages {
    Messages { seed, count: 300, from: Day(19_723), days: 5 }
}

const DAYS: (&str, &str) = ("2024-01-01", "2024-01-05");

/// What an undisturbed export of `messages(1)` is, by file name.
async fn undisturbed(request: domain::request::Request) -> BTreeMap<String, Vec<u8>> {
    let system = System::new().await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.export("acme", request).await;
    let files = system.archive_of_success(&export).await;
    system.assert_nothing_left().await;
    files
}
