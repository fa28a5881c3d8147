//! Threads for long work that takes much memory: each lives as long as the lake, one after another does the work.
//!
//! On the runtime's blocking threads each ingest of a process could meet another one, and the allocator keeps memory
//! for every thread that ever asked for much.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, mpsc};
use std::thread;

use tokio::sync::oneshot;

use crate::error::LakeError;

type Job = Box<dyn FnOnce() + Send>;

/// As many threads as ever worked at the same time. They end when this is dropped, after the work they have.
#[derive(Default)]
pub(crate) struct Threads {
    /// Those without work, the last used on top.
    idle: Mutex<Vec<mpsc::Sender<Job>>>,
}

impl Threads {
    /// Does `work`, which may block. Dropping the future does not end the work.
    ///
    /// # Errors
    /// No thread could be started, or the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        let idle = self.idle().pop();
        let thread = idle.map_or_else(start, Ok)?;
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody waits any more where the call was given up.
            let _ = done.send(work());
        });
        thread.send(job).map_err(|_| LakeError::Panicked)?;
        // A thread whose work panicked, or is not waited for, is not used again.
        let result = result.await.map_err(|_| LakeError::Panicked)?;
        self.idle().push(thread);
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<mpsc::Sender<Job>>> {
        self.idle.lock().expect("no panic while the threads are held")
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Threads").finish_non_exhaustive()
    }
}

fn start() -> Result<mpsc::Sender<Job>, LakeError> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let thread = thread::Builder::new().name("ingest".to_owned()).spawn(move || jobs.iter().for_each(|job| job()));
    thread.map_err(LakeError::io("start a thread for", Path::new("ingest")))?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_after_another_works_on_the_same_thread_until_a_panic() {
        let threads = Threads::default();
        let this = || Ok(thread::current().id());
        let first = threads.run(this).await.unwrap();
        assert_eq!(threads.run(this).await.unwrap(), first);
        assert!(matches!(threads.run(|| Err::<(), _>(LakeError::Unfinished)).await, Err(LakeError::Unfinished)));
        assert_eq!(threads.run(this).await.unwrap(), first);
        let panicked = threads.run(|| -> Result<(), _> { panic!("on purpose") }).await;
        assert!(matches!(panicked, Err(LakeError::Panicked)));
        assert_ne!(threads.run(this).await.unwrap(), first);
    }
}
