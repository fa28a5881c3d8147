//! The port: whoever can bring a letter to its reader.

use async_trait::async_trait;

use crate::{Letter, NotifyError};

/// Brings letters on their way.
///
/// At least once: after an error, and after a crash before the answer was recorded, the same letter is sent again under
/// the same id, which is its `Message-ID` too.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends one letter; `Ok` means that it is stored or that a mail server took it over.
    ///
    /// Ends within a deadline of its own, whatever the other side does.
    async fn send(&self, letter: &Letter) -> Result<(), NotifyError>;

    /// Whether letters can be sent right now, found out without sending one.
    async fn ping(&self) -> Result<(), NotifyError>;
}
