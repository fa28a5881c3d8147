//! One transaction on one connection: statements under a deadline, and an end that leaves nothing open.

use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use fail::fail_point;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{Executor, Postgres, query};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::error::{PostgresError, Repeat};
use crate::pool::Held;
use crate::settings::Settings;

/// What the driver will answer. Boxed, since the compiler cannot see for its own form that it may change threads.
type Answer<'c, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'c>>;

/// What may be done in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads see one moment.
    Read,
    /// Each statement sees what was committed before it; what must not change meanwhile is locked.
    Write,
}

/// A transaction. `'a` is how long what its work borrows lives. Dropped before its end it is taken back, since its
/// connection is closed with it: nobody knows what the wire still carries.
pub struct Transaction<'a> {
    /// Gone once the connection turned out to be dead.
    held: Option<Held>,
    kind: Kind,
    /// The longest that one statement may take.
    step: Duration,
    is_taken_back: bool,
    work: PhantomData<&'a ()>,
}

impl Transaction<'_> {
    pub(crate) async fn begin(
        held: Held,
        kind: Kind,
        step: Duration,
        settings: &Settings,
    ) -> Result<Self, PostgresError> {
        let begin = match kind {
            Kind::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            Kind::Write => "BEGIN",
        };
        let mut transaction = Self { held: Some(held), kind, step, is_taken_back: false, work: PhantomData };
        transaction.raw("begin", begin).await?;
        transaction.set(settings).await?;
        Ok(transaction)
    }

    /// Says of the rest of this transaction what `settings` say.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn set(&mut self, settings: &Settings) -> Result<(), PostgresError> {
        if settings.is_empty() {
            return Ok(());
        }
        let set =
            query("SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS given (name, value)");
        self.many("say for whom", set.bind(settings.names()).bind(settings.values())).await.map(drop)
    }

    /// All rows that a statement finds.
    ///
    /// # Errors
    /// `Unavailable` where the server does not answer in time, `Backend` where it refuses.
    pub async fn many(
        &mut self,
        doing: &'static str,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, PostgresError> {
        let (step, connection) = (self.step, self.connection(doing)?);
        let done: Answer<'_, _> = Box::pin(statement.fetch_all(connection));
        let done = timeout(step, done).await;
        self.judge(doing, done)
    }

    /// The row that a statement finds, if it finds one.
    ///
    /// # Errors
    /// As [`Self::many`].
    pub async fn one(
        &mut self,
        doing: &'static str,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<Option<PgRow>, PostgresError> {
        let (step, connection) = (self.step, self.connection(doing)?);
        let done: Answer<'_, _> = Box::pin(statement.fetch_optional(connection));
        let done = timeout(step, done).await;
        self.judge(doing, done)
    }

    /// How many rows a statement changed.
    ///
    /// # Errors
    /// As [`Self::many`].
    pub async fn run(
        &mut self,
        doing: &'static str,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, PostgresError> {
        let (step, connection) = (self.step, self.connection(doing)?);
        let done: Answer<'_, _> = Box::pin(statement.execute(connection));
        let done = timeout(step, done).await;
        self.judge(doing, done).map(|done| done.rows_affected())
    }

    /// Whatever its work answers, nothing of what this transaction wrote will stay.
    pub fn take_back(&mut self) {
        self.is_taken_back = true;
    }

    /// Ends it as its work came out. After a commit that was not answered nobody knows whether it happened.
    pub(crate) async fn end<T>(mut self, done: Result<T, PostgresError>) -> Result<T, PostgresError> {
        match done {
            Ok(done) if self.kind == Kind::Write && !self.is_taken_back => {
                fail_point!("postgres.commit.before");
                self.raw("commit", "COMMIT").await.map_err(PostgresError::undecided)?;
                fail_point!("postgres.commit.after");
                self.give_back();
                Ok(done)
            }
            done => {
                // Where even this is not answered the connection is closed, which has the same effect.
                if self.held.is_some() && self.raw("roll back", "ROLLBACK").await.is_ok() {
                    self.give_back();
                }
                done
            }
        }
    }

    async fn raw(&mut self, doing: &'static str, statement: &'static str) -> Result<(), PostgresError> {
        let (step, connection) = (self.step, self.connection(doing)?);
        let done: Answer<'_, _> = connection.execute(statement);
        let done = timeout(step, done).await;
        self.judge(doing, done).map(drop)
    }

    fn connection(&mut self, doing: &'static str) -> Result<&mut PgConnection, PostgresError> {
        let gone = || PostgresError::unavailable(doing, "the connection is gone", Repeat::No);
        self.held.as_mut().map(Held::connection).ok_or_else(gone)
    }

    fn judge<T>(&mut self, doing: &'static str, done: Result<sqlx::Result<T>, Elapsed>) -> Result<T, PostgresError> {
        let error = match done {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => PostgresError::of(doing, error),
            Err(_) => PostgresError::late(doing),
        };
        if error.breaks() {
            self.held = None;
        }
        Err(error)
    }

    fn give_back(&mut self) {
        self.held.take().into_iter().for_each(Held::give_back);
    }
}
