//! A job store that keeps a log of what it did, tells who waits that something changed, and lets tests step in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::export::{Export, Lease, Outcome, Seen, Step};
use domain::ids::{ExportId, WorkerId};
use domain::owner::Owner;
use stores::{Census, Claimed, Created, Due, Jobs, NewExport, Recorded, Retried, SegmentState, StoreError, Then};
use tokio::sync::watch;

use crate::Moment;
use crate::interference::Interference;

/// What happened in the job store.
#[derive(Clone, Debug)]
pub enum Event {
    /// A worker took steps.
    Claimed {
        /// Who.
        worker: WorkerId,
        /// Whose.
        owner: Owner,
        /// Of which export.
        export: ExportId,
        /// Which.
        steps: Vec<Step>,
    },
    /// A result was offered.
    Recorded {
        /// Under which lease.
        lease: Lease,
        /// The result.
        outcome: Outcome,
        /// Whether it came too late.
        fenced: bool,
    },
    /// A step was taken from a worker that was gone.
    TookOver {
        /// Of which export.
        export: ExportId,
        /// Which.
        step: Step,
    },
}

/// Any job store, watched.
pub struct LoggedJobs {
    inner: Arc<dyn Jobs>,
    interference: Interference,
    events: Mutex<Vec<Event>>,
    changes: watch::Sender<u64>,
    sweeps: AtomicU64,
}

impl LoggedJobs {
    pub(crate) fn new(inner: Arc<dyn Jobs>, interference: Interference) -> Self {
        Self {
            inner,
            interference,
            events: Mutex::default(),
            changes: watch::Sender::new(0),
            sweeps: AtomicU64::new(0),
        }
    }

    /// Everything so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().expect("no panic while the log is held").clone()
    }

    /// Changes after each write.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// How often somebody looked for what is due.
    pub fn sweeps(&self) -> u64 {
        self.sweeps.load(Ordering::Relaxed)
    }

    fn log(&self, events: impl IntoIterator<Item = Event>) {
        self.events.lock().expect("no panic while the log is held").extend(events);
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

#[async_trait]
impl Jobs for LoggedJobs {
    async fn create(&self, new: NewExport) -> Result<Created, StoreError> {
        let created = self.inner.create(new).await;
        self.changed();
        created
    }

    async fn get(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        self.inner.get(owner, id).await
    }

    async fn list(&self, owner: &Owner, before: Option<ExportId>, limit: u32) -> Result<Vec<Export>, StoreError> {
        self.inner.list(owner, before, limit).await
    }

    async fn unsettled(&self, owner: &Owner) -> Result<Vec<Export>, StoreError> {
        self.inner.unsettled(owner).await
    }

    async fn claim(&self, owner: &Owner, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
        let claimed = self.inner.claim(owner, worker, room).await?;
        if let Some(claimed) = &claimed {
            let steps = claimed.leases.iter().map(|lease| lease.step).collect();
            self.log([Event::Claimed { worker, owner: owner.clone(), export: claimed.export.id, steps }]);
            self.changed();
        }
        Ok(claimed)
    }

    async fn beat(&self, leases: &[Lease]) -> Result<Vec<bool>, StoreError> {
        self.inner.beat(leases).await
    }

    async fn record(&self, lease: &Lease, outcome: Outcome, then: Then) -> Result<Recorded, StoreError> {
        self.interference.at(Moment::Record(lease.clone(), outcome.clone())).await;
        let recorded = self.inner.record(lease, outcome.clone(), then).await?;
        let fenced = recorded == Recorded::Fenced;
        let mut events = vec![Event::Recorded { lease: lease.clone(), outcome: outcome.clone(), fenced }];
        if let Recorded::Done { next: Some(Lease { owner, export, step, worker, .. }), .. } = &recorded {
            let (owner, export, steps) = (owner.clone(), *export, vec![*step]);
            events.push(Event::Claimed { worker: *worker, owner, export, steps });
        }
        self.log(events);
        self.changed();
        self.interference.at(Moment::Recorded(lease.clone(), outcome)).await;
        Ok(recorded)
    }

    async fn look(&self, owner: &Owner) -> Result<Vec<(ExportId, Seen)>, StoreError> {
        self.inner.look(owner).await
    }

    async fn take_over(&self, owner: &Owner, id: ExportId, seen: &Seen) -> Result<bool, StoreError> {
        let taken = self.inner.take_over(owner, id, seen).await?;
        if taken {
            self.log([Event::TookOver { export: id, step: seen.step }]);
            self.changed();
        }
        Ok(taken)
    }

    async fn cancel(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        let cancelled = self.inner.cancel(owner, id).await;
        self.changed();
        cancelled
    }

    async fn retry(&self, owner: &Owner, id: ExportId) -> Result<Option<Retried>, StoreError> {
        let retried = self.inner.retry(owner, id).await;
        self.changed();
        retried
    }

    async fn due(&self, limit: u32) -> Result<Due, StoreError> {
        self.sweeps.fetch_add(1, Ordering::Relaxed);
        self.inner.due(limit).await
    }

    async fn segments(
        &self,
        owner: &Owner,
        id: ExportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<SegmentState>, StoreError> {
        self.inner.segments(owner, id, from, limit).await
    }

    async fn purge(&self, settled_seconds: u64) -> Result<u64, StoreError> {
        self.inner.purge(settled_seconds).await
    }

    async fn census(&self) -> Result<Census, StoreError> {
        self.inner.census().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }
}
