//! Workers of one system, to be stopped as they should be or as they should not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::WorkerId;
use lake::Lake;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use worker::{Mail, Ports, Progress, Worker, WorkerOptions};

use crate::{DEADLINE, HookedArtifacts, System};

/// What a worker may take for reading (bytes).
const MEMORY_BYTES: usize = 64 << 20;

/// Workers at work.
pub struct Crew {
    /// What they have done so far, together.
    pub progress: Arc<Progress>,
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    artifacts: Arc<HookedArtifacts>,
    lake: Arc<Lake>,
    some_were_killed: Arc<AtomicBool>,
}

impl Crew {
    pub(crate) async fn start(system: &System, count: usize) -> Self {
        let (progress, stop) = (Arc::new(Progress::default()), watch::Sender::new(false));
        let mut tasks = Vec::new();
        for _ in 0..count {
            let (worker, stopped) = (one(system, &progress).await, stop.subscribe());
            tasks.push(tokio::spawn(async move { worker.run(stopped).await }));
        }
        let (artifacts, lake) = (Arc::clone(&system.artifacts), Arc::clone(&system.lake));
        Self { progress, tasks, stop, artifacts, lake, some_were_killed: Arc::clone(&system.some_were_killed) }
    }

    /// Tells them to stop, without waiting for it.
    pub fn tell_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops them gracefully: leases are given back.
    pub async fn stop(self) {
        self.tell_to_stop();
        for task in self.tasks {
            tokio::time::timeout(DEADLINE, task).await.expect("a worker stops in time").expect("no panic in a worker");
        }
    }

    /// Ends them in the middle of what they do, as if the process was killed: nothing is given back or cleared up. What a
    /// thread of theirs does right now it still does; it is over when this returns.
    pub async fn kill(self) {
        self.some_were_killed.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()), "the worker was at work");
        }
        self.artifacts.rest().await;
        // Answered behind whatever the catalog was asked before.
        self.lake.pins().await.expect("the lake answers");
    }
}

/// A worker that is not yet at work.
pub(crate) async fn one(system: &System, progress: &Arc<Progress>) -> Arc<Worker> {
    let options = WorkerOptions {
        id: system.new_id(WorkerId::new),
        slots: system.settings.slots,
        memory_bytes: MEMORY_BYTES,
        limits: system.settings.limits.clone(),
    };
    let ports = Ports {
        jobs: Arc::clone(&system.jobs) as _,
        queue: Arc::new(system.queue.clone()),
        limiter: Arc::clone(&system.limiter),
        artifacts: Arc::clone(&system.artifacts) as _,
        lake: Arc::clone(&system.lake),
        directory: Arc::clone(&system.directory) as _,
        memberships: Arc::clone(&system.directory) as _,
        mail: Some(Mail {
            notifier: Arc::clone(&system.letters) as _,
            public_url: "https://outhaul.example.org".parse().expect("a public address"),
        }),
    };
    Worker::new(ports, options, Arc::clone(progress)).await.expect("a worker")
}
