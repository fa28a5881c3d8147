//! Places where a test steps in: before a write to the artifacts, before and after a result is recorded.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use artifacts::ObjectName;
use domain::export::{Lease, Outcome};
use notifier::LetterId;
use tokio::sync::watch;

use crate::DEADLINE;

/// What is about to happen, or has just.
#[derive(Clone, Debug)]
pub enum Moment {
    /// A small object is stored.
    Put(ObjectName),
    /// An upload begins.
    Begin(ObjectName),
    /// An archive is put together.
    Assemble(ObjectName),
    /// An object is removed.
    Delete(ObjectName),
    /// A letter is sent.
    Send(LetterId),
    /// The mail server took a letter, and its worker is about to hear of it.
    Sent(LetterId),
    /// A result is recorded.
    Record(Lease, Outcome),
    /// A result was recorded, and its worker is about to hear of it.
    Recorded(Lease, Outcome),
}

/// What a test does at a moment; the moment comes once it is done.
pub type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

type Hook = Arc<dyn Fn(&Moment) -> Option<Act> + Send + Sync>;

/// All hooks of one system.
#[derive(Clone, Default)]
pub(crate) struct Interference(Arc<Mutex<Vec<Hook>>>);

impl Interference {
    pub(crate) fn add(&self, hook: impl Fn(&Moment) -> Option<Act> + Send + Sync + 'static) {
        self.0.lock().expect("no panic while the hooks are held").push(Arc::new(hook));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().expect("no panic while the hooks are held").clear();
    }

    pub(crate) async fn at(&self, moment: Moment) {
        let hooks = self.0.lock().expect("no panic while the hooks are held").clone();
        for act in hooks.iter().filter_map(|hook| hook(&moment)) {
            act.await;
        }
    }
}

/// Holds whoever comes until it is opened.
#[derive(Clone, Debug)]
pub struct Gate {
    waiting: watch::Sender<u32>,
    open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { waiting: watch::Sender::new(0), open: watch::Sender::new(false) }
    }
}

impl Gate {
    /// Waits until so many have come.
    pub async fn reached_by(&self, count: u32) {
        let mut waiting = self.waiting.subscribe();
        let reached = tokio::time::timeout(DEADLINE, waiting.wait_for(|waiting| *waiting >= count)).await;
        reached.expect("somebody comes to the gate in time").expect("the gate stands");
    }

    /// Lets all through, those that come later too.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// What those do who come to the gate.
    pub fn pass(&self) -> Act {
        let gate = self.clone();
        Box::pin(async move {
            let mut open = gate.open.subscribe();
            gate.waiting.send_modify(|waiting| *waiting += 1);
            // The sender is our own, so that it outlives the wait.
            let _ = open.wait_for(|open| *open).await;
        })
    }
}
