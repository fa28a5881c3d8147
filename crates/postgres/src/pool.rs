//! The connections: at most so many at a time, and none that may be dead is given out twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::clock::Clock;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{PostgresError, Repeat};

/// A connection that rested longer is not trusted: something between may have forgotten it without a word.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Connections to one server.
pub(crate) struct Pool {
    options: PgConnectOptions,
    size: u32,
    permits: Arc<Semaphore>,
    idle: Arc<Idle>,
}

/// How much of a pool is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// Connections at a time.
    pub size: u32,
    /// Calls that have one now.
    pub used: u32,
    /// Connections that wait for the next call.
    pub idle: u32,
}

/// Connections that no call uses, the one used last at the end.
struct Idle {
    clock: Arc<dyn Clock>,
    rested: Mutex<Vec<Rested>>,
    /// Counts how often a connection was found dead.
    deaths: AtomicU64,
}

struct Rested {
    connection: PgConnection,
    since: Duration,
}

/// How many connections were found dead before a moment.
#[derive(Clone, Copy)]
pub(crate) struct Deaths(u64);

/// A connection that belongs to one call. Unless it is given back it is closed, whatever state it is in.
pub(crate) struct Held {
    connection: PgConnection,
    idle: Arc<Idle>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(options: PgConnectOptions, size: u32, clock: Arc<dyn Clock>) -> Self {
        let permits = Arc::new(Semaphore::new(size as usize));
        let idle = Arc::new(Idle { clock, rested: Mutex::default(), deaths: AtomicU64::new(0) });
        Self { options, size, permits, idle }
    }

    /// A connection: one that rests, or a new one. Waits for as long as all are used.
    pub(crate) async fn take(&self) -> Result<Held, PostgresError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.expect("the pool is never closed");
        let connection = match self.idle.pop() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(not_connected)?,
        };
        Ok(Held { connection, idle: Arc::clone(&self.idle), _permit: permit })
    }

    /// To be asked before a connection is taken that may turn out to be dead.
    pub(crate) fn deaths(&self) -> Deaths {
        Deaths(self.idle.deaths.load(Ordering::Acquire))
    }

    /// A connection that was taken after `before` was dead, or said nothing: so may be all that rest, since a server that
    /// goes away takes them along. Of many calls that find the same death the first clears, so later ones are kept.
    pub(crate) fn found_dead(&self, before: Deaths) {
        let Deaths(count) = before;
        if self.idle.deaths.compare_exchange(count, count + 1, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.idle.rested.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    pub(crate) fn usage(&self) -> PoolUse {
        let free = self.permits.available_permits();
        let idle = self.idle.rested.lock().unwrap_or_else(PoisonError::into_inner).len();
        PoolUse { size: self.size, used: self.size.saturating_sub(free as u32), idle: idle as u32 }
    }
}

impl Held {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// The next call may have it: no transaction is open, no answer is outstanding.
    pub(crate) fn give_back(self) {
        let Self { connection, idle, _permit } = self;
        idle.push(connection);
    }
}

impl Idle {
    fn pop(&self) -> Option<PgConnection> {
        let mut rested = self.rested.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.monotonic();
        rested.retain(|rested| now.saturating_sub(rested.since) < LONGEST_REST);
        rested.pop().map(|rested| rested.connection)
    }

    fn push(&self, connection: PgConnection) {
        let since = self.clock.monotonic();
        self.rested.lock().unwrap_or_else(PoisonError::into_inner).push(Rested { connection, since });
    }
}

/// Nothing was asked yet, so the same may be tried again.
fn not_connected(error: sqlx::Error) -> PostgresError {
    match PostgresError::of("connect", error) {
        PostgresError::Unavailable { doing, source, .. } => {
            PostgresError::Unavailable { doing, source, repeat: Repeat::Later }
        }
        error => error,
    }
}
