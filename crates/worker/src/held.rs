//! The leases this process holds, each with the flag that ends its work early.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use domain::export::{Lease, Step};
use domain::ids::ExportId;

type Key = (ExportId, Step);

/// All leases held right now.
#[derive(Debug, Default)]
pub struct Held {
    leases: Mutex<HashMap<Key, (Lease, Arc<AtomicBool>)>>,
    /// The worker stops: what comes now ends early as well.
    stops: AtomicBool,
}

impl Held {
    /// Takes a lease in; the flag is set when its work is to end.
    pub fn add(&self, lease: &Lease) -> Arc<AtomicBool> {
        let mut leases = self.lock();
        let stop = Arc::new(AtomicBool::new(self.stops.load(Ordering::Relaxed)));
        leases.insert((lease.export, lease.step), (lease.clone(), Arc::clone(&stop)));
        stop
    }

    /// The lease is over.
    pub fn remove(&self, lease: &Lease) {
        self.lock().remove(&(lease.export, lease.step));
    }

    /// Whether the step is held here.
    pub fn holds(&self, export: ExportId, step: Step) -> bool {
        self.lock().contains_key(&(export, step))
    }

    /// All of them.
    pub fn leases(&self) -> Vec<Lease> {
        let leases: Vec<_> = self.lock().values().map(|(lease, _)| lease.clone()).collect();
        tracing::trace!(leases = leases.len(), "leases held");
        leases
    }

    /// This lease was lost: whatever its work comes to is worth nothing.
    pub fn lost(&self, lease: &Lease) {
        if let Some((_, stop)) = self.lock().get(&(lease.export, lease.step)) {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// The worker stops.
    pub fn stop_all(&self) {
        let leases = self.lock();
        self.stops.store(true, Ordering::Relaxed);
        leases.values().for_each(|(_, stop)| stop.store(true, Ordering::Relaxed));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (Lease, Arc<AtomicBool>)>> {
        self.leases.lock().expect("no panic while the leases are held")
    }
}
