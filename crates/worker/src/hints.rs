//! Wakes as a worker gives and takes them: by the queue, and by itself while the queue does not answer.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::owner::Owner;
use queue::{MemoryQueue, Message, Queue, QueueError, Wake};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::error::message as message_of;

/// How long one wait for a wake lasts before the loop looks up again.
const TAKE_WAIT: Duration = Duration::from_secs(5);
/// How long the queue may think about anything; longer than its own deadlines, so that those end a call that hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one sweep pushes what it found: beyond one answer that does not come.
const PUSHES_LIMIT: Duration = Duration::from_secs(6);
/// The wait after the queue gave no answer to who wanted to take.
const TROUBLE_WAIT: Duration = Duration::from_millis(500);
/// Most wakes that a worker keeps for itself; the sweeper finds the others again.
const OWN_LIMIT: u64 = 1_000;

/// Gives wakes to all workers through the queue, or else keeps them, so that this worker serves them alone. Each sweeper
/// finds all work that there is, so the workers then share it by what they claim.
pub(crate) struct Hints {
    queue: Arc<dyn Queue>,
    own: MemoryQueue,
    gives: Answers,
    takes: Answers,
    back: Notify,
    /// Whom the queue did not know when the last sweep named them.
    new_before: Mutex<HashSet<Owner>>,
}

impl Hints {
    pub fn new(queue: Arc<dyn Queue>) -> Self {
        let gives = Answers::new("the queue takes no wakes; this worker keeps its own", "the queue takes wakes again");
        let takes = Answers::new("the queue gives no wakes; the sweeper finds work", "the queue gives wakes again");
        let (own, back, new_before) = (MemoryQueue::default(), Notify::default(), Mutex::default());
        Self { queue, own, gives, takes, back, new_before }
    }

    /// Says that an owner may have work. While the queue is known to take nothing nobody waits for it: sweeps find out
    /// when it does.
    pub async fn push(&self, owner: &Owner) {
        let wake = Wake::of(owner.clone());
        if self.gives.is_away() || self.offer(wake.clone()).await.is_none() {
            self.keep(wake).await;
        }
    }

    /// The same of what a sweep found; once the queue fails or has had its time, the rest stays with this worker. So does
    /// an owner whom the queue took as new in two sweeps in a row: it may lose what it takes.
    pub async fn push_found(&self, owners: Vec<Owner>) {
        let mut left: VecDeque<_> = owners.into_iter().map(Wake::of).collect();
        if self.gives.is_away() {
            self.keep_all(&left).await;
        }
        let mut new = HashSet::new();
        let offers = async {
            while let Some(wake) = left.front() {
                let Some(is_new) = self.offer(wake.clone()).await else { break };
                if is_new {
                    new.insert(wake.owner.clone());
                }
                left.pop_front();
            }
        };
        // What is left says how far it came.
        let _ = timeout(PUSHES_LIMIT, offers).await;
        left.extend(self.new_again(new).into_iter().map(Wake::of));
        self.keep_all(&left).await;
    }

    fn new_again(&self, new: HashSet<Owner>) -> Vec<Owner> {
        let mut before = self.new_before.lock().expect("no panic while owners are compared");
        let again = new.intersection(&before).cloned().collect();
        *before = new;
        again
    }

    /// Whether the queue had no wake of the owner yet; `None` where it does not take one.
    async fn offer(&self, wake: Wake) -> Option<bool> {
        let pushed = in_time(PATIENCE, self.queue.push(wake)).await;
        self.note(&self.gives, pushed.as_ref().err());
        pushed.ok()
    }

    /// Puts a message that only a newer worker can read back for one.
    pub async fn push_later(&self, message: Message, delay: Duration) {
        if let Err(error) = in_time(PATIENCE, self.queue.push_later(message, delay)).await {
            warn!(error = message_of(&error), "wake of a newer version lost");
        }
    }

    /// The next message, or nothing after a while.
    pub async fn take(&self) -> Option<Message> {
        tokio::select! {
            biased;
            own = self.own.take(Duration::MAX) => own.ok().flatten(),
            taken = self.take_from_queue() => taken,
        }
    }

    async fn take_from_queue(&self) -> Option<Message> {
        // After a failure the first answer counts, not the first message.
        let wait = if self.takes.is_away() { TROUBLE_WAIT } else { TAKE_WAIT };
        let taken = in_time(wait + PATIENCE, self.queue.take(wait)).await;
        self.note(&self.takes, taken.as_ref().err());
        if taken.is_err() {
            sleep(TROUBLE_WAIT).await;
        }
        taken.ok().flatten()
    }

    /// Whether other owners wait for their turn; the queue is not asked while it is known not to answer.
    pub async fn others_wait(&self, owner: &Owner) -> bool {
        let wake = Wake::of(owner.clone());
        if self.own.others_wait(&wake).await.unwrap_or(false) {
            return true;
        }
        let is_away = self.gives.is_away() || self.takes.is_away();
        !is_away && in_time(PATIENCE, self.queue.others_wait(&wake)).await.unwrap_or(false)
    }

    /// Returns once the queue answers again: what others would have pushed meanwhile is worth a look.
    pub async fn back(&self) {
        self.back.notified().await;
    }

    async fn keep(&self, wake: Wake) {
        if self.own.len().await.is_ok_and(|kept| kept < OWN_LIMIT) {
            self.own.push(wake).await.expect("the memory of this process answers");
        }
    }

    async fn keep_all(&self, wakes: &VecDeque<Wake>) {
        for wake in wakes {
            self.keep(wake.clone()).await;
        }
    }

    fn note(&self, answers: &Answers, error: Option<&QueueError>) {
        if answers.note(error) {
            self.back.notify_one();
        }
    }
}

async fn in_time<T>(patience: Duration, call: impl Future<Output = Result<T, QueueError>>) -> Result<T, QueueError> {
    let late = || Err(QueueError::Unavailable { doing: "wait", source: "no answer in time".into() });
    timeout(patience, call).await.unwrap_or_else(|_| late())
}

/// Whether the queue answered last. What changes is logged, and not each call.
struct Answers {
    is_away: AtomicBool,
    goes: &'static str,
    comes: &'static str,
}

impl Answers {
    const fn new(goes: &'static str, comes: &'static str) -> Self {
        Self { is_away: AtomicBool::new(false), goes, comes }
    }

    fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    /// Takes note of how a call ended; `true` if it is the first that succeeded after others that did not.
    fn note(&self, error: Option<&QueueError>) -> bool {
        let was_away = self.is_away.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was_away => warn!(error = message_of(error), "{}", self.goes),
            None if was_away => info!("{}", self.comes),
            _ => {}
        }
        was_away && error.is_none()
    }
}
