//! One database: each call is one transaction, under one deadline, repeated where that is safe and may help.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use domain::random::{Random, backoff};
use tokio::time::{sleep, timeout};

use crate::deadlines::Deadlines;
use crate::error::{PostgresError, Repeat};
use crate::options::PostgresOptions;
use crate::pool::{Pool, PoolUse};
use crate::settings::Settings;
use crate::transaction::{Kind, Transaction};

/// The work of one transaction, as far as it has come.
pub type Future<'t, T> = Pin<Box<dyn std::future::Future<Output = Result<T, PostgresError>> + Send + 't>>;

/// How often a transaction is tried; the deadline of its call mostly ends it before.
const TRIES: u32 = 12;
/// The first wait before another try is at most this; each later one at most twice the one before.
const WAIT: Duration = Duration::from_millis(10);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// A database, reached through a pool of connections that are made when they are needed.
pub struct Database {
    pool: Pool,
    deadlines: Deadlines,
    random: Arc<dyn Random>,
}

impl Database {
    /// Connects to nothing yet. Tables are looked for in the PostgreSQL schema `schema`.
    pub fn new(options: &PostgresOptions, schema: &str, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let pool = Pool::new(options.for_service(schema), options.pool_size(), clock);
        Self { pool, deadlines: options.deadlines(), random }
    }

    /// One consistent read.
    ///
    /// # Errors
    /// Those of `work`; `Unavailable` where it does not end in time.
    pub async fn read<'a, T>(
        &self,
        settings: Settings,
        work: impl for<'t> Fn(&'t mut Transaction<'a>) -> Future<'t, T> + Send + Sync,
    ) -> Result<T, PostgresError> {
        self.call(Kind::Read, self.deadlines.call, &settings, work).await
    }

    /// One write: committed, and on the disk, if this answers `Ok`.
    ///
    /// # Errors
    /// As [`Self::read`]. After `Unavailable` nobody knows whether it was committed.
    pub async fn write<'a, T>(
        &self,
        settings: Settings,
        work: impl for<'t> Fn(&'t mut Transaction<'a>) -> Future<'t, T> + Send + Sync,
    ) -> Result<T, PostgresError> {
        self.call(Kind::Write, self.deadlines.call, &settings, work).await
    }

    /// One write of many rows, which has the time of an import; each of its statements has that of a call.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn import<'a, T>(
        &self,
        settings: Settings,
        work: impl for<'t> Fn(&'t mut Transaction<'a>) -> Future<'t, T> + Send + Sync,
    ) -> Result<T, PostgresError> {
        self.call(Kind::Write, self.deadlines.import, &settings, work).await
    }

    /// How much of the pool is used.
    pub fn pool_use(&self) -> PoolUse {
        self.pool.usage()
    }

    async fn call<'a, T>(
        &self,
        kind: Kind,
        limit: Duration,
        settings: &Settings,
        work: impl for<'t> Fn(&'t mut Transaction<'a>) -> Future<'t, T> + Send + Sync,
    ) -> Result<T, PostgresError> {
        let before = self.pool.deaths();
        let done = timeout(limit, self.tries(kind, settings, work)).await;
        done.unwrap_or_else(|_| {
            self.pool.found_dead(before);
            Err(PostgresError::late("end a call"))
        })
    }

    async fn tries<'a, T>(
        &self,
        kind: Kind,
        settings: &Settings,
        work: impl for<'t> Fn(&'t mut Transaction<'a>) -> Future<'t, T> + Send + Sync,
    ) -> Result<T, PostgresError> {
        let mut tried = 0;
        loop {
            let before = self.pool.deaths();
            let error = match self.attempt(kind, settings, &work).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if error.breaks() {
                self.pool.found_dead(before);
            }
            tried += 1;
            match error.repeat() {
                Repeat::Now if tried < TRIES => {}
                Repeat::Later if tried < TRIES => sleep(backoff(WAIT, LONGEST_WAIT, tried, self.random.as_ref())).await,
                _ => return Err(error),
            }
        }
    }

    async fn attempt<'a, T>(
        &self,
        kind: Kind,
        settings: &Settings,
        work: &(impl for<'t> Fn(&'t mut Transaction<'a>) -> Future<'t, T> + Send + Sync),
    ) -> Result<T, PostgresError> {
        let held = timeout(self.deadlines.call, self.pool.take()).await;
        let held = held.unwrap_or_else(|_| Err(PostgresError::late("connect")))?;
        let mut transaction = Transaction::begin(held, kind, self.deadlines.call, settings).await?;
        let done = work(&mut transaction).await;
        transaction.end(done).await
    }
}
