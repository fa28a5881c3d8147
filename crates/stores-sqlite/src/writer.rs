//! The one writer: a thread that runs the writes that wait in one transaction, and answers each after its commit.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use stores::StoreError;
use tokio::sync::oneshot;

use crate::database::{connect, unavailable};
use crate::error::failed;
use crate::failpoint::Points;

/// Most writes of one transaction.
const WRITES_AT_ONCE: usize = 64;

/// When a write is on the disk. Whichever it is, it is there after the end of the process, whatever ended that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lasts {
    /// With the next write that is synced, since the log keeps their order; a power cut before that takes it back.
    Soon,
    /// Before it is answered.
    Now,
}

/// What becomes of a write whose work was done.
pub(crate) enum Write<T> {
    /// It is committed, and lasts as it was asked.
    Commit(T),
    /// It is committed, and on the disk before it is answered, whatever was asked.
    CommitNow(T),
    /// It never was.
    Leave(T),
}

/// The way to the thread, which ends with what was sent to it.
pub(crate) struct Writer {
    writes: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, with a connection to the file at `path`.
    pub(crate) fn start(path: &Path, connection: Connection) -> io::Result<Self> {
        let (writes, jobs) = mpsc::channel();
        let mut batches = Batches { path: path.to_owned(), connection: Some(connection), synced: Lasts::Now };
        let thread = thread::Builder::new().name("write".to_owned()).spawn(move || batches.serve(&jobs))?;
        Ok(Self { writes: Some(writes), thread: Some(thread) })
    }

    /// Has `work` done inside a transaction. Once it has its turn it runs, even if nobody waits for it any more.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        points: Points,
        lasts: Lasts,
        work: impl FnOnce(&Transaction<'_>) -> Result<Write<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let task = Task { points, lasts, work: Some(work), done: None, answer };
        if let Some(writes) = &self.writes {
            // Without the thread the task is dropped, and the wait ends with an error.
            let _ = writes.send(Box::new(task));
        }
        answered.await.unwrap_or_else(|error| Err(unavailable("run to its end", error)))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.writes = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been told on stderr; those who waited got an error.
            let _ = thread.join();
        }
    }
}

/// One write that waits.
trait Job: Send {
    fn points(&self) -> Points;
    /// Whether somebody still waits.
    fn is_awaited(&self) -> bool;
    /// How it lasts: as asked, or after it ran as it turned out.
    fn lasts(&self) -> Lasts;
    /// Does the work, once; says whether it is to be kept.
    fn run(&mut self, transaction: &Transaction<'_>) -> bool;
    /// Tells what came of it, where the transaction failed for all without a result.
    fn answer(self: Box<Self>, failed: Option<&StoreError>);
}

struct Task<T, F> {
    points: Points,
    lasts: Lasts,
    work: Option<F>,
    done: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F> Job for Task<T, F>
where
    F: FnOnce(&Transaction<'_>) -> Result<Write<T>, StoreError> + Send,
{
    fn points(&self) -> Points {
        self.points
    }

    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn lasts(&self) -> Lasts {
        self.lasts
    }

    fn run(&mut self, transaction: &Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let (keep, done) = match work(transaction) {
            Ok(Write::Commit(done)) => (true, Ok(done)),
            Ok(Write::CommitNow(done)) => {
                self.lasts = Lasts::Now;
                (true, Ok(done))
            }
            Ok(Write::Leave(done)) => (false, Ok(done)),
            Err(error) => (false, Err(error)),
        };
        self.done = Some(done);
        keep
    }

    fn answer(self: Box<Self>, failed: Option<&StoreError>) {
        let answer = match (self.done, failed) {
            // A failure of its own says more.
            (Some(Err(error)), _) => Err(error),
            (_, Some(failed)) if failed.retryable() => Err(unavailable("commit", describe(failed))),
            (_, Some(failed)) => Err(StoreError::Backend { doing: "commit", source: describe(failed).into() }),
            (Some(done), None) => done,
            (None, None) => Err(unavailable("run", "the write was not run")),
        };
        // Nobody waits any more where the call was given up.
        let _ = self.answer.send(answer);
    }
}

/// The thread's side.
struct Batches {
    path: PathBuf,
    /// Closed after a failure, whatever state it is in.
    connection: Option<Connection>,
    /// What the connection is set to.
    synced: Lasts,
}

impl Batches {
    fn serve(&mut self, jobs: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = jobs.recv() {
            let mut batch = vec![first];
            batch.extend(jobs.try_iter().take(WRITES_AT_ONCE - 1));
            // What was given up while it waited must not happen behind its caller's back.
            batch.retain(|job| job.is_awaited());
            if batch.is_empty() {
                continue;
            }
            // After a panic the batch is dropped, which those who wait are told.
            let ended = catch_unwind(AssertUnwindSafe(|| self.all(batch)));
            if !matches!(ended, Ok(true)) {
                self.connection = None;
            }
        }
    }

    /// Runs a batch and answers; `false` where the connection is not to be used any more.
    fn all(&mut self, mut batch: Vec<Box<dyn Job>>) -> bool {
        let failed = self.commit(&mut batch).err();
        batch.into_iter().for_each(|job| job.answer(failed.as_ref()));
        failed.is_none()
    }

    fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.synced = Lasts::Now;
                connect(&self.path)?
            }
        };
        let connection = self.connection.insert(connection);
        let asked = batch.iter().map(|job| job.lasts()).max().unwrap_or(Lasts::Now);
        if asked != self.synced {
            // Only possible outside of a transaction.
            let level = if asked == Lasts::Now { "FULL" } else { "NORMAL" };
            connection.pragma_update(None, "synchronous", level).map_err(failed("choose when to sync"))?;
            self.synced = asked;
        }
        // As SQLite has it, through all links.
        let database = connection.path().unwrap_or_default().to_owned();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed("begin"))?;
        let kept = run_all(&transaction, batch)?;
        let points: Vec<Points> = kept.iter().map(|index| batch[*index].points()).collect();
        if kept.is_empty() {
            return transaction.rollback().map_err(failed("take a write back"));
        }
        points.iter().for_each(|points| (points.before)());
        transaction.commit().map_err(failed("commit"))?;
        if asked != Lasts::Now && kept.iter().any(|index| batch[*index].lasts() == Lasts::Now) {
            sync_log(&database).map_err(|error| unavailable("make a write durable", error))?;
        }
        points.iter().for_each(|points| (points.after)());
        Ok(())
    }
}

/// Runs each write so that one that fails leaves the others as they are; which of them are to be kept.
fn run_all(transaction: &Transaction<'_>, batch: &mut [Box<dyn Job>]) -> Result<Vec<usize>, StoreError> {
    if let [job] = batch {
        let kept = job.run(transaction);
        return Ok(if kept { vec![0] } else { Vec::new() });
    }
    let statement = |text: &str| {
        let ran = transaction.prepare_cached(text).and_then(|mut statement| statement.execute([]));
        // After some errors SQLite has taken the whole transaction back, the writes of others with it: they may try again.
        ran.map(drop).map_err(|error| unavailable("keep writes apart", error))
    };
    let mut kept = Vec::with_capacity(batch.len());
    for (index, job) in batch.iter_mut().enumerate() {
        statement("SAVEPOINT one")?;
        if job.run(transaction) {
            kept.push(index);
        } else {
            statement("ROLLBACK TO one")?;
        }
        statement("RELEASE one")?;
    }
    Ok(kept)
}

/// The log of the writes so far, in a file that SQLite holds no locks on.
fn sync_log(database: &str) -> io::Result<()> {
    File::open(format!("{database}-wal"))?.sync_data()
}

/// An error and its cause, for each of many who wait.
fn describe(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
