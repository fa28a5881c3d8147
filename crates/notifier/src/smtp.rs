//! Letters handed to a mail server over SMTP (RFC 5321), with TLS by rustls.

mod conversation;
mod options;

pub use options::{SmtpOptions, SmtpOptionsError, Tls};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;
use tokio::sync::Semaphore;

use self::conversation::Conversation;
use self::options::Server;
use crate::message::{Sender, message};
use crate::{Letter, Notifier, NotifyError};

/// How long a polite end of a conversation may take once the letter is taken over.
const FAREWELL: Duration = Duration::from_secs(1);

/// Sends letters by a mail server, each in a conversation of its own.
///
/// Conversations are not kept for the next letter: one that was given up in the middle would take the next letter's
/// commands for the rest of a text, and letters are rare beside the work that they tell of.
pub struct SmtpNotifier {
    server: Server,
    from: Sender,
    clock: Arc<dyn Clock>,
    conversations: Semaphore,
}

impl SmtpNotifier {
    /// Checks the options; nothing is connected yet.
    pub fn new(options: SmtpOptions, from: Sender, clock: Arc<dyn Clock>) -> Result<Self, SmtpOptionsError> {
        let conversations = Semaphore::new(options.connections.max(1));
        Ok(Self { server: Server::of(options)?, from, clock, conversations })
    }

    /// Runs `talk` in a conversation; all of it, the wait for a free connection included, within the deadline.
    async fn within_deadline<T>(&self, talk: impl Future<Output = Result<T, NotifyError>>) -> Result<T, NotifyError> {
        let talk = async {
            let closed = |_| NotifyError::Unreachable { why: "this program is stopping".to_owned() };
            let _place = self.conversations.acquire().await.map_err(closed)?;
            talk.await
        };
        let seconds = self.server.timeout.as_secs();
        tokio::time::timeout(self.server.timeout, talk).await.unwrap_or(Err(NotifyError::TimedOut { seconds }))
    }
}

#[async_trait]
impl Notifier for SmtpNotifier {
    async fn send(&self, letter: &Letter) -> Result<(), NotifyError> {
        let message = message(letter, &self.from, self.clock.now())?;
        let bytes = message.formatted();
        let conversation = self
            .within_deadline(async {
                let mut conversation = Conversation::begin(&self.server).await?;
                conversation.hand_over(message.envelope(), &bytes).await?;
                Ok(conversation)
            })
            .await?;
        farewell(conversation).await;
        Ok(())
    }

    async fn ping(&self) -> Result<(), NotifyError> {
        let conversation = self.within_deadline(Conversation::begin(&self.server)).await?;
        farewell(conversation).await;
        Ok(())
    }
}

/// The letter is taken over already, so nothing that happens here matters.
async fn farewell(conversation: Conversation) {
    let _ = tokio::time::timeout(FAREWELL, conversation.end()).await;
}
