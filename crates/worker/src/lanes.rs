//! Lanes: pairs of threads that build parts, one reading and merging rows, one encoding and storing them.
//!
//! They live as long as their worker: memory that an allocator keeps for a thread is kept once for each step at a time, not
//! once for each segment ([0009](../../../docs/adr/0009-segments-run-on-lanes.md)).

mod reader;

use std::io;
use std::sync::{Mutex, MutexGuard, mpsc};
use std::thread;

use thiserror::Error;
use tokio::sync::oneshot;

pub use reader::Reader;

type Job = Box<dyn FnOnce(&Reader) + Send>;

/// The lanes of a worker: as many as were ever busy at the same time.
#[derive(Debug, Default)]
pub struct Lanes {
    /// Those without work, the last used on top.
    idle: Mutex<Vec<Lane>>,
}

/// The way to one pair of threads. They end when it is dropped, after the work they have.
#[derive(Debug)]
struct Lane(mpsc::Sender<Job>);

/// Why a lane has no result.
#[derive(Debug, Error)]
pub enum LaneError {
    /// There are no threads to be had.
    #[error("a thread could not be started")]
    Start(#[source] io::Error),
    /// The work panicked.
    #[error("the work ended without a result")]
    Panicked,
}

impl Lanes {
    /// Lets an idle lane do `work`, on its thread that encodes. Dropping the future does not end the work, which may block.
    ///
    /// # Errors
    /// No result: the threads could not be started, or the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> T + Send + 'static,
    ) -> Result<T, LaneError> {
        let idle = self.idle().pop();
        let lane = idle.map_or_else(Lane::start, Ok).map_err(LaneError::Start)?;
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move |reader| {
            // Nobody waits any more where the step was abandoned.
            let _ = done.send(work(reader));
        });
        lane.0.send(job).map_err(|_| LaneError::Panicked)?;
        // A lane whose work panicked, or is not waited for, is not used again: its threads end.
        let result = result.await.map_err(|_| LaneError::Panicked)?;
        self.idle().push(lane);
        Ok(result)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.idle.lock().expect("no panic while the lanes are held")
    }
}

impl Lane {
    fn start() -> io::Result<Self> {
        let reader = Reader::start()?;
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::Builder::new().name("encode".to_owned()).spawn(move || jobs.iter().for_each(|job| job(&reader)))?;
        Ok(Self(sender))
    }
}

#[cfg(test)]
mod tests;
