//! The loop: take a wake, claim steps of its owner, work, record, decide again.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::export::{Export, Lease, Outcome};
use domain::owner::Owner;
use domain::turns;
use lake::staging::Staging;
use queue::Message;
use stores::jobs::{Recorded, Then};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{Instrument, debug, info_span, warn};

use crate::error::message as message_of;
use crate::held::Held;
use crate::hints::Hints;
use crate::lanes::Lanes;
use crate::ports::{FEW_AT_ONCE, Ports, WorkerOptions, has_few_rows};
use crate::progress::Progress;
use crate::steps;
use crate::sweeper::Watching;
use crate::trouble::Trouble;

/// How often a result is offered to a job store that does not answer.
const RECORD_ATTEMPTS: u32 = 6;
/// The wait before the second offer; it doubles with each further one.
const RECORD_WAIT: Duration = Duration::from_millis(100);
/// The first delay of a wake that only a newer worker can read; it doubles so many times.
const TOO_NEW_WAIT: Duration = Duration::from_secs(1);
const TOO_NEW_DOUBLINGS: u32 = 6;
/// The wait after the job store failed.
const TROUBLE_WAIT: Duration = Duration::from_millis(500);

/// One worker.
pub struct Worker {
    pub(crate) ports: Ports,
    pub(crate) options: WorkerOptions,
    pub(crate) progress: Arc<Progress>,
    pub(crate) held: Held,
    /// Wakes, given and taken.
    pub(crate) hints: Hints,
    /// Where parts are built.
    pub(crate) lanes: Lanes,
    pub(crate) watching: Mutex<Watching>,
    /// A folder for sorted runs.
    pub(crate) scratch: PathBuf,
    /// Holds that folder until the worker ends; should the process die, the lake's sweep removes it.
    scratch_lock: Mutex<Option<Staging>>,
    pub(crate) slots: Arc<Semaphore>,
    /// Places of exports of few rows that left their slot to others.
    beside: Arc<Semaphore>,
    /// Wakes of a newer version so far.
    too_new: AtomicU32,
    /// Counts results that were recorded.
    recorded: watch::Sender<u64>,
    pub(crate) trouble: Trouble,
}

impl Worker {
    /// A worker over these ports.
    ///
    /// # Errors
    /// The folder for sorted runs could not be made.
    pub async fn new(
        ports: Ports,
        options: WorkerOptions,
        progress: Arc<Progress>,
    ) -> Result<Arc<Self>, lake::LakeError> {
        let staging = ports.lake.staging().await?;
        let (scratch, scratch_lock) = (staging.folder().to_owned(), Mutex::new(Some(staging)));
        let slots = Arc::new(Semaphore::new(options.slots.max(1) as usize));
        let beside = Arc::new(Semaphore::new(FEW_AT_ONCE));
        let (held, lanes, watching) = (Held::default(), Lanes::default(), Mutex::default());
        let hints = Hints::new(Arc::clone(&ports.queue));
        let (too_new, recorded, trouble) = (AtomicU32::new(0), watch::Sender::new(0), Trouble::default());
        Ok(Arc::new(Self {
            ports,
            options,
            progress,
            held,
            hints,
            lanes,
            watching,
            scratch,
            scratch_lock,
            slots,
            beside,
            too_new,
            recorded,
            trouble,
        }))
    }

    /// Changes with each result that this worker records, for whoever waits in the same process.
    pub fn recorded(&self) -> watch::Receiver<u64> {
        self.recorded.subscribe()
    }

    /// Why the job store takes no writes, from the first failure until one succeeds.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.watch()
    }

    /// Works until `stop` turns true, then ends its steps early, gives their leases back and returns.
    pub async fn run(self: &Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut background = JoinSet::new();
        background.spawn(Arc::clone(self).beat_for_ever());
        background.spawn(Arc::clone(self).sweep_for_ever());
        let mut steps = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = turned(&mut stop) => break,
                owner = self.next_owner() => self.serve(&owner, &mut steps).await,
            }
            while steps.try_join_next().is_some() {}
        }
        self.held.stop_all();
        while steps.join_next().await.is_some() {}
        background.shutdown().await;
        self.clear_scratch();
    }

    fn clear_scratch(&self) {
        let staging = self.scratch_lock.lock().expect("no panic while the lock is held").take();
        if let Some(Err(error)) = staging.map(Staging::discard) {
            warn!(error = message_of(&error), "folder for sorted runs left to the next sweep");
        }
    }

    /// The owner of the next wake, once there is room to work for them.
    async fn next_owner(&self) -> Owner {
        loop {
            let room = self.slots.acquire().await;
            if let Some(message) = self.hints.take().await {
                match message.decode() {
                    Ok(wake) => return wake.owner,
                    Err(error) if error.is_too_new() => self.give_back(message).await,
                    Err(error) => warn!(error = message_of(&error), "wake dropped"),
                }
            }
            drop(room);
        }
    }

    /// Puts a wake of a newer version back for a newer worker, each time for longer.
    async fn give_back(&self, message: Message) {
        let seen = self.too_new.fetch_add(1, Ordering::Relaxed);
        let delay = TOO_NEW_WAIT * 2_u32.pow(seen.min(TOO_NEW_DOUBLINGS));
        warn!(delay_seconds = delay.as_secs(), "wake of a newer version given back");
        self.hints.push_later(message, delay).await;
    }

    /// Claims what there is room for and starts on it; with nothing to claim, looks after those who hold something.
    async fn serve(self: &Arc<Self>, owner: &Owner, steps: &mut JoinSet<()>) {
        let others_wait = self.hints.others_wait(owner).await;
        let most = turns::room(self.slots.available_permits() as u32, others_wait, &self.options.limits);
        let slot = || Arc::clone(&self.slots).try_acquire_owned().ok();
        let room: Vec<_> = std::iter::from_fn(slot).take(most as usize).collect();
        let claimed = self.ports.jobs.claim(owner, self.options.id, room.len() as u32).await;
        self.trouble.note(claimed.as_ref().map(Option::is_some));
        match claimed {
            Ok(Some(claimed)) => {
                debug!(export = %claimed.export.id, steps = claimed.leases.len(), more = claimed.more, "claimed");
                // Before the work starts, so that others can take the rest meanwhile.
                if claimed.more {
                    self.wake(owner).await;
                }
                for (lease, slot) in claimed.leases.into_iter().zip(room) {
                    steps.spawn(Arc::clone(self).work_along(claimed.export.clone(), lease, slot));
                }
            }
            Ok(None) => self.look(owner).await,
            Err(error) => {
                warn!(error = message_of(&error), "no claim");
                tokio::time::sleep(TROUBLE_WAIT).await;
            }
        }
    }

    /// Works on a step, and on those behind it that the job store gives along with a result.
    async fn work_along(self: Arc<Self>, mut export: Export, mut lease: Lease, mut slot: OwnedSemaphorePermit) {
        let (owner, mut is_beside) = (lease.owner.clone(), false);
        loop {
            let span = info_span!("step", export = %lease.export, step = %lease.step, attempt = lease.attempt);
            match self.work(&export, &lease).instrument(span).await {
                Some((after, Some(next))) => {
                    (export, lease) = (after, next);
                    if !is_beside
                        && has_few_rows(&export)
                        && let Ok(place) = Arc::clone(&self.beside).try_acquire_owned()
                    {
                        (slot, is_beside) = (place, true);
                    }
                }
                // The place of the slot goes first, so that the wake finds room.
                Some((_, None)) => {
                    drop(slot);
                    return self.wake(&owner).await;
                }
                None => return,
            }
        }
    }

    /// Carries a step out and records it: the export after that and what to go on with, or nothing where the result did
    /// not count.
    async fn work(self: &Arc<Self>, export: &Export, lease: &Lease) -> Option<(Export, Option<Lease>)> {
        let stop = self.held.add(lease);
        let outcome = steps::run(self, export, lease, Arc::clone(&stop)).await;
        // In a lane the next step is another's as soon as they wait for their turn.
        let lets_go = lease.lane.is_some() && self.hints.others_wait(&lease.owner).await;
        let then = if lets_go || stop.load(Ordering::Relaxed) { Then::LetGo } else { Then::GoOn };
        let recorded = self.record(lease, outcome, then).await;
        self.held.remove(lease);
        match recorded? {
            Recorded::Done { export, next } => {
                steps::after(self, &export).await;
                self.recorded.send_modify(|count| *count += 1);
                // Its end may have given its place to another export of the owner.
                if next.is_some() && export.state.is_settled() {
                    self.wake(&lease.owner).await;
                }
                Some((*export, next))
            }
            Recorded::Fenced => {
                tracing::info!("a result came too late");
                steps::too_late(self, lease).await;
                None
            }
        }
    }

    /// Offers a result until the store takes it; after the last attempt the lease runs out and the step is repeated.
    async fn record(&self, lease: &Lease, outcome: Outcome, then: Then) -> Option<Recorded> {
        let mut wait = RECORD_WAIT;
        for _ in 0..RECORD_ATTEMPTS {
            let recorded = self.ports.jobs.record(lease, outcome.clone(), then).await;
            self.trouble.note(recorded.as_ref().map(|_| true));
            match recorded {
                Ok(recorded) => return Some(recorded),
                Err(error) => warn!(error = message_of(&error), "result not recorded"),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        None
    }

    /// Says that an owner may have work. What the queue does not take, this worker looks after itself.
    pub async fn wake(&self, owner: &Owner) {
        self.hints.push(owner).await;
    }

    async fn beat_for_ever(self: Arc<Self>) {
        let mut beats = tokio::time::interval(Duration::from_millis(self.options.limits.heartbeat_milliseconds));
        loop {
            beats.tick().await;
            let leases = self.held.leases();
            if leases.is_empty() {
                continue;
            }
            let beaten = self.ports.jobs.beat(&leases).await;
            self.trouble.note(beaten.as_ref().map(|_| true));
            match beaten {
                Ok(held) => {
                    leases.iter().zip(held).filter(|(_, held)| !held).for_each(|(lease, _)| self.held.lost(lease))
                }
                Err(error) => warn!(error = message_of(&error), "no heartbeat"),
            }
        }
    }
}

/// Waits until the switch is true, or nobody is left to turn it.
async fn turned(switch: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, which ends the wait as well.
    let _ = switch.wait_for(|stop| *stop).await;
}
