//! The sweeper: wakes owners whose time has come, and takes steps from workers that are gone.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::export::{Seen, State};
use domain::ids::ExportId;
use domain::owner::Owner;
use queue::{LimitKey, Rate, Taken};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::{debug, info, warn};

use crate::error::message;
use crate::worker::Worker;

/// Owners that one sweep wakes.
const SWEEP_OWNERS: u32 = 1_000;
/// The wait for a queue that answers again to go on doing so, before what was pushed in vain is looked for.
const BACK_WAIT: Duration = Duration::from_millis(200);
/// Every so many sweeps what dead processes left is cleared away, too: their files by each worker, all else by one of all.
const HOUSEKEEPING_SWEEPS: u64 = 60;
/// So many turns a worker leaves to others behind a sweep that failed.
const PASSES: u32 = 2;

/// Steps of others that are being watched.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    seen: HashSet<(ExportId, Seen)>,
    tasks: JoinSet<()>,
}

impl Worker {
    pub(crate) async fn sweep_for_ever(self: Arc<Self>) {
        let mut sweeps = tokio::time::interval(Duration::from_millis(self.options.limits.sweep_milliseconds));
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut passes = 0;
        for count in 0_u64.. {
            let is_its_turn = tokio::select! {
                _ = sweeps.tick() => passes == 0 && self.has_the_turn("sweep", 1).await,
                () = self.hints.back() => {
                    tokio::time::sleep(BACK_WAIT).await;
                    true
                }
            };
            passes = match is_its_turn {
                true if !self.sweep().await => PASSES,
                true => 0,
                false => passes.saturating_sub(1),
            };
            if count.is_multiple_of(HOUSEKEEPING_SWEEPS) {
                self.clear_the_machine().await;
                if passes == 0 && self.has_the_turn("housekeeping", HOUSEKEEPING_SWEEPS as u32).await {
                    self.clear_the_stores().await;
                }
            }
        }
    }

    /// Whether this worker does what one of all does every so many sweeps. While nobody answers who counts for all, each
    /// has its own turn.
    async fn has_the_turn(&self, what: &'static str, sweeps: u32) -> bool {
        // A little less than the time between, since timers are not exact.
        let per = Duration::from_millis(self.options.limits.sweep_milliseconds) * sweeps * 9 / 10;
        let key = LimitKey { limit: what, subject: [0; 32] };
        let taken = self.ports.limiter.take(&key, Rate { times: 1, per }).await;
        taken.map_or(true, |taken| taken == Taken::Yes)
    }

    /// Knows nothing but that a time has come; what is to be done, a claim decides. Whether the job store answered.
    async fn sweep(&self) -> bool {
        let due = self.ports.jobs.due(SWEEP_OWNERS).await;
        let answered = due.is_ok();
        match due {
            Ok(due) => {
                if due.too_new > 0 {
                    warn!(exports = due.too_new, "records of a newer version are left to newer workers");
                }
                debug!(owners = due.owners.len(), "swept");
                self.hints.push_found(due.owners).await;
                self.progress.swept();
            }
            Err(error) => warn!(error = message(&error), "no sweep"),
        }
        answered
    }

    /// Remembers what those who hold steps of this owner look like, and looks again one lease later.
    pub(crate) async fn look(self: &Arc<Self>, owner: &Owner) {
        let held = self.ports.jobs.look(owner).await;
        let steps = held.as_ref().map_or(0, Vec::len);
        debug!(steps, "nothing to claim; looked at who holds steps");
        self.trouble.note(held.as_ref().map(|held| !held.is_empty()));
        let held = match held {
            Ok(held) => held,
            Err(error) => return warn!(error = message(&error), "no look"),
        };
        let mut watching = self.watching.lock().expect("no panic while the watches are held");
        while watching.tasks.try_join_next().is_some() {}
        for (export, seen) in held {
            if !self.held.holds(export, seen.step) && watching.seen.insert((export, seen)) {
                watching.tasks.spawn(Arc::clone(self).watch(owner.clone(), export, seen));
            }
        }
    }

    /// By the runtime's monotonic clock: no beat for a whole lease means that the holder is gone.
    async fn watch(self: Arc<Self>, owner: Owner, export: ExportId, seen: Seen) {
        tokio::time::sleep(Duration::from_millis(self.options.limits.lease_milliseconds)).await;
        let taken = self.ports.jobs.take_over(&owner, export, &seen).await;
        self.trouble.note(taken.as_ref().copied());
        match taken {
            Ok(true) => {
                info!(export = %export, step = %seen.step, attempt = seen.attempt, "took a step from a lost worker");
                self.progress.death();
                self.wake(&owner).await;
            }
            Ok(false) => {}
            Err(error) => warn!(error = message(&error), "no take-over"),
        }
        self.watching.lock().expect("no panic while the watches are held").seen.remove(&(export, seen));
    }

    /// Clears up after processes that died: their staging folders, unfinished objects and pins. Part of every sweeper's
    /// work now and then; it may run at any time.
    pub async fn clear_after_the_dead(&self) {
        self.clear_the_machine().await;
        self.clear_the_stores().await;
    }

    async fn clear_the_machine(&self) {
        if let Err(error) = self.ports.lake.sweep().await {
            warn!(error = message(&error), "lake not swept");
        }
        if let Err(error) = self.ports.artifacts.sweep().await {
            warn!(error = message(&error), "artifacts not swept");
        }
    }

    async fn clear_the_stores(&self) {
        self.release_pins().await;
        self.forget_what_is_over().await;
    }

    async fn forget_what_is_over(&self) {
        match self.ports.jobs.purge(self.options.limits.settled_live_seconds).await {
            Ok(0) => {}
            Ok(exports) => info!(exports, "forgot exports that ended long ago"),
            Err(error) => warn!(error = message(&error), "nothing forgotten"),
        }
    }

    /// Lets the snapshots go of exports that read no more: whoever ended them may have died before doing it. Where a
    /// removal is still to be done, that lets go.
    async fn release_pins(&self) {
        let pins = match self.ports.lake.pins().await {
            Ok(pins) => pins,
            Err(error) => return warn!(error = message(&error), "no look for pins"),
        };
        for pin in pins {
            let reads_no_more = match self.ports.jobs.get(&pin.owner, pin.export).await {
                Ok(export) => export.is_none_or(|export| reads_no_more(&export.state)),
                Err(error) => {
                    warn!(export = %pin.export, error = message(&error), "pin left");
                    continue;
                }
            };
            if reads_no_more && let Err(error) = self.ports.lake.unpin(pin.export).await {
                warn!(export = %pin.export, error = message(&error), "pin left");
            }
        }
    }
}

const fn reads_no_more(state: &State) -> bool {
    match state {
        State::Queued | State::Running(_) => false,
        State::Failed { removal, .. } | State::Cancelled { removal, .. } => removal.is_none(),
        State::Succeeded { .. } | State::Expired { .. } => true,
    }
}
