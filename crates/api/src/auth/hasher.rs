//! Compares passwords on threads that may block, a few at a time: each comparison takes 19 MiB.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use crate::password;

/// The place where passwords are compared.
#[derive(Debug)]
pub struct Hasher {
    places: Arc<Semaphore>,
    compared: Arc<AtomicU64>,
}

impl Hasher {
    /// One that compares at most `at_once` passwords at a time; others wait.
    pub fn new(at_once: u32) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once.max(1) as usize)), compared: Arc::default() }
    }

    /// Whether the password is the one of the hash; without a hash it is not, after as long a time.
    pub async fn matches(&self, password: String, hash: Option<String>) -> bool {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("the places are never closed");
        let compared = Arc::clone(&self.compared);
        let comparing = tokio::task::spawn_blocking(move || {
            compared.fetch_add(1, Ordering::Relaxed);
            let matches = password::verify(&password, hash.as_deref());
            // Held to the end, also where whoever asked is gone.
            drop(place);
            matches
        });
        comparing.await.unwrap_or(false)
    }

    /// How many passwords were compared.
    pub fn compared(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }
}
