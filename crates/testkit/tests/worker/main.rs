//! The worker in the whole system: what storage, other workers, people and the queue do to it, and what must hold.

/// Makes each of these a test over the twin in memory, and one over SQLite.
macro_rules! over_both_stores {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(testkit::JobStore::Memory).await;
            })*
        }

        mod on_sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(testkit::JobStore::Sqlite).await;
            })*
        }
    };
}

mod again;
mod ends;
mod isolation;
mod letters;
mod memberships;
mod parts;
mod places;
mod power;
mod queue_faults;
mod refusals;
mod stops;
mod storms;
mod turns;
mod wakes;

use std::collections::BTreeMap;

use domain::time::Day;
use testkit::{JobStore, Messages, Settings, System};

/// Messages of the first five days of 2024: with the small target they make a segment of each day or of each window.
fn messages(seed: u64) -> Messages {
    Messages { seed, count: 300, from: Day(19_723), days: 5 }
}

const DAYS: (&str, &str) = ("2024-01-01", "2024-01-05");

fn settings(jobs: JobStore) -> Settings {
    Settings { jobs, ..Settings::default() }
}

async fn system(jobs: JobStore) -> System {
    System::with(settings(jobs)).await
}

/// What an undisturbed export of `messages(1)` is, by file name.
async fn undisturbed(request: domain::request::Request) -> BTreeMap<String, Vec<u8>> {
    let system = System::new().await;
    system.ingest_generated("acme", messages(1)).await;
    let export = system.export("acme", request).await;
    let files = system.archive_of_success(&export).await;
    system.assert_nothing_left().await;
    files
}
