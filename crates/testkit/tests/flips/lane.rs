//! Several organisations are tried at a time; each has data, a request and an undisturbed archive of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::export::State;
use domain::request::{Format, Request};
use domain::time::Day;
use testkit::{Messages, Settings, System, request};

use crate::Tally;

pub const FORMATS: [Format; 3] = [Format::Zip, Format::Csv, Format::CsvGz];

/// One organisation and what is asked of it.
pub struct Lane {
    pub system: Arc<System>,
    pub org: String,
    pub request: Request,
    pub expected: BTreeMap<String, Vec<u8>>,
    pub seed: u64,
}

/// How an export ended after a damage.
pub enum End {
    /// As undisturbed.
    Same { built_parts: u32 },
    /// With a reason, and without an archive.
    Failed,
}

/// A system with so many organisations, each with a few days in a few segments, each asked for in another format.
pub async fn lanes(count: u64, reuse: impl Fn(u64) -> bool) -> (Arc<System>, Vec<Lane>) {
    let system = Arc::new(System::with(Settings { slots: 4, ..Settings::default() }).await);
    let mut lanes = Vec::new();
    for seed in 0..count {
        let org = format!("org-{seed}");
        system.ingest_generated(&org, Messages { seed, count: 120, from: Day(19_723), days: 3 }).await;
        let format = FORMATS[seed as usize % FORMATS.len()];
        let request = Request { format, reuse: reuse(seed), ..request("2024-01-01", "2024-01-03") };
        lanes.push(Lane::new(&system, org, request, seed).await);
    }
    (system, lanes)
}

impl Lane {
    pub async fn new(system: &Arc<System>, org: String, request: Request, seed: u64) -> Self {
        let export = system.export(&org, request.clone()).await;
        let expected = system.archive_of_success(&export).await;
        Self { system: Arc::clone(system), org, request, expected, seed }
    }

    /// Exports once more and compares: the same bytes, or a failure with a reason and without an archive.
    pub async fn export(&self, damage: &str) -> End {
        let export = self.system.create_export(&self.org, self.request.clone()).await;
        let ended = self.system.settled(&export).await;
        let archive = self.system.archive(&ended).await;
        match &ended.state {
            State::Succeeded { .. } => {
                assert!(archive == self.expected, "a wrong archive of {} after {damage}", self.org);
                End::Same { built_parts: ended.built_parts }
            }
            State::Failed { failure, .. } => {
                assert!(archive.is_empty() && failure.message.len() > 20, "{failure:?} after {damage}");
                End::Failed
            }
            other => panic!("{other:?} after {damage}"),
        }
    }
}

/// Runs all lanes at the same time, each for its part of `times`, over one crew of workers.
pub async fn run<F: Future<Output = Tally> + Send + 'static>(
    system: &Arc<System>,
    lanes: Vec<Lane>,
    times: usize,
    each: fn(Lane, usize) -> F,
) -> Tally {
    let crew = system.workers(1).await;
    let (mut tasks, mut tally, count) = (tokio::task::JoinSet::new(), Tally::default(), lanes.len());
    for (number, lane) in lanes.into_iter().enumerate() {
        tasks.spawn(each(lane, times / count + usize::from(number < times % count)));
    }
    while let Some(ended) = tasks.join_next().await {
        tally.add(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    crew.stop().await;
    tally
}
