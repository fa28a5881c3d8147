//! The thread of a lane that reads: it decodes and merges a few batches ahead of whoever encodes them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use arrow_array::RecordBatch;
use domain::time::Day;
use lake::LakeError;
use lake::read::{DayCounters, OrderedRows, ReadRequest};

/// Batches that wait between the two threads (each at most 2 MiB, or one row).
const READ_AHEAD_BATCHES: usize = 2;

type Counters = BTreeMap<Day, DayCounters>;

/// The way to the thread.
#[derive(Debug)]
pub struct Reader(Sender<Task>);

struct Task {
    request: ReadRequest,
    news: SyncSender<News>,
    /// Dropped when the thread has let go of everything.
    _busy: Sender<Infallible>,
}

enum News {
    Rows(RecordBatch),
    End(Result<Counters, LakeError>),
}

/// The rows of a slice in their order, read on the other thread. Dropping them ends the reading and waits for its end.
#[derive(Debug)]
pub struct Rows {
    news: Option<Receiver<News>>,
    counters: Option<Counters>,
    busy: Receiver<Infallible>,
}

impl Reader {
    pub(super) fn start() -> io::Result<Self> {
        let (sender, tasks) = mpsc::channel::<Task>();
        let serve = move || tasks.iter().for_each(Task::serve);
        thread::Builder::new().name("read".to_owned()).spawn(serve)?;
        Ok(Self(sender))
    }

    /// Begins to read.
    pub fn read(&self, request: ReadRequest) -> Rows {
        let (sender, news) = mpsc::sync_channel(READ_AHEAD_BATCHES);
        let (alive, busy) = mpsc::channel();
        // Without the thread both ends are dropped with the task, and the rows end with an error.
        let _ = self.0.send(Task { request, news: sender, _busy: alive });
        Rows { news: Some(news), counters: None, busy }
    }
}

impl Task {
    fn serve(self) {
        let Self { request, news, _busy } = self;
        // A panic has been told on stderr; the rows end without their counters, which is an error.
        let _ = catch_unwind(AssertUnwindSafe(|| send_all(request, &news)));
    }
}

/// Tells everything, unless nobody listens any more.
fn send_all(request: ReadRequest, news: &SyncSender<News>) {
    if let Some(end) = send_rows(request, news).transpose() {
        // Whoever does not listen now does not need to know.
        let _ = news.send(News::End(end));
    }
}

/// The counters behind the last row; `None` once nobody listens.
fn send_rows(request: ReadRequest, news: &SyncSender<News>) -> Result<Option<Counters>, LakeError> {
    let mut rows = OrderedRows::open(request)?;
    for batch in rows.by_ref() {
        if news.send(News::Rows(batch?)).is_err() {
            return Ok(None);
        }
    }
    rows.finish().map(Some)
}

impl Rows {
    /// The counters of each UTC day, once every row was taken.
    ///
    /// # Errors
    /// [`LakeError::Unfinished`] if the iterator did not come to its end.
    pub fn finish(mut self) -> Result<Counters, LakeError> {
        self.counters.take().ok_or(LakeError::Unfinished)
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let ended = match self.news.as_ref()?.recv() {
            Ok(News::Rows(batch)) => return Some(Ok(batch)),
            Ok(News::End(end)) => end,
            // The thread panicked.
            Err(_) => Err(LakeError::Panicked),
        };
        self.news = None;
        match ended {
            Ok(counters) => {
                self.counters = Some(counters);
                None
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.news = None;
        // Nothing is ever sent: this ends when the reader has dropped its end.
        let _ = self.busy.recv();
    }
}
