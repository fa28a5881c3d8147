//! Whether the job store takes writes, for whoever waits for a result in the same process.

use stores::StoreError;
use tokio::sync::watch;

use crate::error::message;

/// What the last failed write was answered, until one succeeds.
#[derive(Debug)]
pub(crate) struct Trouble(watch::Sender<Option<String>>);

impl Default for Trouble {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Trouble {
    /// Takes note of how a call ended: whether something was written, or why it could not be.
    pub fn note(&self, written: Result<bool, &StoreError>) {
        self.0.send_if_modified(|known| match written {
            Ok(true) => known.take().is_some(),
            // There was nothing to write, which says nothing of the store.
            Ok(false) => false,
            // The first reason stays: those after it are often its consequences.
            Err(_) if known.is_some() => false,
            Err(error) => {
                *known = Some(message(error));
                true
            }
        });
    }

    /// The words of the trouble there is, if any.
    pub fn watch(&self) -> watch::Receiver<Option<String>> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays_until_something_is_written() {
        let trouble = Trouble::default();
        let error = |doing| StoreError::Unavailable { doing, source: "full".into() };
        let check = |written: Result<bool, StoreError>, expected: Option<&str>| {
            trouble.note(written.as_ref().copied());
            assert_eq!(trouble.watch().borrow().as_deref(), expected);
        };
        let first = Some("the store did not answer: claim: full");
        check(Ok(false), None);
        check(Err(error("claim")), first);
        check(Err(error("beat")), first);
        check(Ok(false), first);
        check(Ok(true), None);
    }
}
