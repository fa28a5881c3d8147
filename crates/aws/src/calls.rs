//! One call, made until it succeeds, fails for good, or is out of tries.

use std::sync::Arc;

use domain::random::Random;
use tracing::debug;

use crate::{ServerTime, Tries};

/// What the tries of one client's calls go by. Clones share clock and randomness.
#[derive(Clone)]
pub struct Calls {
    /// How often and how long.
    pub tries: Tries,
    /// What spreads the waits.
    pub random: Arc<dyn Random>,
    /// By which requests are signed.
    pub time: ServerTime,
}

/// What the tries must know of an error.
pub trait CallError: std::error::Error {
    /// No whole answer came in time.
    fn timed_out(call: &'static str, seconds: u64) -> Self;

    /// Whether the same call may succeed if it is made again at once.
    fn retryable(&self) -> bool;

    /// Whether the server refused without saying more than that it does: it may have been our clock.
    fn is_forbidden(&self) -> bool;
}

impl Calls {
    /// Makes a call with so many bytes to send or to get. `attempt` gets the number of its try, from 0.
    pub async fn make<T, E, F>(&self, call: &'static str, bytes: u64, mut attempt: impl FnMut(u32) -> F) -> Result<T, E>
    where
        E: CallError,
        F: Future<Output = Result<T, E>>,
    {
        let deadline = self.tries.deadline(bytes);
        let mut number = 0;
        loop {
            let correction = self.time.correction();
            let answer = tokio::time::timeout(deadline, attempt(number)).await;
            let error = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_) => E::timed_out(call, deadline.as_secs()),
            };
            number += 1;
            // The answer that refused has set the clock.
            let was_our_clock = error.is_forbidden() && self.time.was_set_since(correction);
            if number >= self.tries.limit || !(error.retryable() || was_our_clock) {
                return Err(error);
            }
            debug!(call, number, %error, "a call to aws is made again");
            tokio::time::sleep(self.tries.wait_after(number - 1, self.random.as_ref())).await;
        }
    }
}
