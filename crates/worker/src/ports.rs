//! What a worker works with, and how.

use std::sync::Arc;

use artifacts::Artifacts;
use domain::ids::WorkerId;
use domain::limits::Limits;
use lake::Lake;
use notifier::{Notifier, PublicUrl};
use queue::Queue;
use stores::{Directory, Jobs, Memberships};

/// Everything a worker works with.
#[derive(Clone)]
pub struct Ports {
    /// The truth about every export.
    pub jobs: Arc<dyn Jobs>,
    /// Hints where to look.
    pub queue: Arc<dyn Queue>,
    /// Plans, parts and archives.
    pub artifacts: Arc<dyn Artifacts>,
    /// The messages.
    pub lake: Arc<Lake>,
    /// Who belongs where, asked again before a letter is sent.
    pub directory: Arc<dyn Directory>,
    /// What users subscribe to.
    pub memberships: Arc<dyn Memberships>,
    /// How letters go out; without it none do.
    pub mail: Option<Mail>,
}

/// How letters go out.
#[derive(Clone)]
pub struct Mail {
    /// Sends them.
    pub notifier: Arc<dyn Notifier>,
    /// Where people reach the service, for the links in them.
    pub public_url: PublicUrl,
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// Its id, new for each process.
    pub id: WorkerId,
    /// Steps at a time.
    pub slots: u32,
    /// What reading may take, over all slots (bytes).
    pub memory_bytes: usize,
    /// The installation's limits.
    pub limits: Limits,
}
