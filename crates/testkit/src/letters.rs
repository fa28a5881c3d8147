//! A mail server of tests: it keeps what it took, and refuses as often as it is told to.

use std::sync::Mutex;

use async_trait::async_trait;
use notifier::{Letter, Notifier, NotifyError};

use crate::Moment;
use crate::interference::Interference;

/// Every letter that was sent.
pub struct Letters {
    taken: Mutex<Vec<Letter>>,
    refusals: Mutex<Vec<NotifyError>>,
    interference: Interference,
}

impl Letters {
    pub(crate) fn new(interference: Interference) -> Self {
        Self { taken: Mutex::default(), refusals: Mutex::default(), interference }
    }

    /// What was sent so far, in order.
    pub fn taken(&self) -> Vec<Letter> {
        self.taken.lock().expect("no panic while the letters are held").clone()
    }

    /// Answers like this once, the last told first.
    pub fn refuse(&self, error: NotifyError) {
        self.refusals.lock().expect("no panic while the refusals are held").push(error);
    }

    fn refusal(&self) -> Option<NotifyError> {
        self.refusals.lock().expect("no panic while the refusals are held").pop()
    }
}

#[async_trait]
impl Notifier for Letters {
    async fn send(&self, letter: &Letter) -> Result<(), NotifyError> {
        self.interference.at(Moment::Send(letter.id.clone())).await;
        if let Some(refusal) = self.refusal() {
            return Err(refusal);
        }
        self.taken.lock().expect("no panic while the letters are held").push(letter.clone());
        self.interference.at(Moment::Sent(letter.id.clone())).await;
        Ok(())
    }

    async fn ping(&self) -> Result<(), NotifyError> {
        Ok(())
    }
}
