//! The port over `SendEmail` with the whole message, so that its headers stay ours.
//!
//! All but two: SES writes `Message-ID` and `Date` anew. A letter that is sent twice comes with two ids, and no mailbox can tell that
//! they are one; the letter's own id stands in `X-Outhaul-Letter`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws::{Calls, NoTryNumbers, OptionError, ServerTime, Tries};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use domain::clock::Clock;
use domain::finding::Finding;
use domain::random::Random;
use notifier::{Letter, Notifier, NotifyError, Sender, Written};

use crate::check;
use crate::error::SesError;
use crate::options::SesOptions;

/// One try, and another where the first one's signature was refused for our clock.
const TRIES: u32 = 2;

/// Sends letters by SES.
pub struct SesNotifier {
    client: Client,
    calls: Calls,
    from: Sender,
    clock: Arc<dyn Clock>,
    configuration_set: Option<String>,
    timeout: Duration,
}

impl SesNotifier {
    /// Checks the options; nothing is asked yet.
    ///
    /// # Errors
    /// The first option that cannot be.
    pub async fn new(
        options: &SesOptions,
        from: Sender,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OptionError> {
        options.check()?;
        let time = ServerTime::new(Arc::clone(&clock));
        let config = aws_sdk_sesv2::config::Builder::from(&options.place.config(&time).await)
            .interceptor(time.clone())
            .interceptor(NoTryNumbers);
        let timeout = Duration::from_secs(options.timeout_seconds);
        let tries = Tries { limit: TRIES, ..Tries::one(timeout) };
        Ok(Self {
            client: Client::from_conf(config.build()),
            calls: Calls { tries, random, time },
            from,
            clock,
            configuration_set: options.configuration_set.clone(),
            timeout,
        })
    }

    /// What a doctor wants to know.
    pub async fn check(&self) -> Vec<Finding> {
        let looks = check::check(&self.client, &self.calls, &self.from);
        let late = |_| vec![Finding::fail("ses reachable", format!("no answer within {} s", self.timeout.as_secs()))];
        tokio::time::timeout(self.timeout, looks).await.unwrap_or_else(late)
    }

    /// All tries together within the deadline of one letter.
    async fn within_deadline<T>(&self, call: impl Future<Output = Result<T, SesError>>) -> Result<T, NotifyError> {
        let late = SesError::TimedOut { seconds: self.timeout.as_secs() };
        Ok(tokio::time::timeout(self.timeout, call).await.unwrap_or(Err(late))?)
    }
}

#[async_trait]
impl Notifier for SesNotifier {
    async fn send(&self, letter: &Letter) -> Result<(), NotifyError> {
        let Written { to, bytes } = Written::of(letter, &self.from, self.clock.now())?;
        let message = RawMessage::builder().data(Blob::new(bytes)).build();
        let message = message.map_err(|_| NotifyError::Unwritable { why: "the message is empty" })?;
        let content = EmailContent::builder().raw(message).build();
        let to = Destination::builder().to_addresses(to).build();
        self.within_deadline(self.calls.make("SendEmail", 0, |_| async {
            let send = self.client.send_email().destination(to.clone()).content(content.clone());
            let send = send.set_configuration_set_name(self.configuration_set.clone());
            send.send().await.map(drop).map_err(SesError::of)
        }))
        .await
    }

    async fn ping(&self) -> Result<(), NotifyError> {
        let account = self.within_deadline(check::account(&self.client, &self.calls)).await?;
        match account.sending_enabled() {
            true => Ok(()),
            false => Err(NotifyError::Deferred { code: "sending is paused".to_owned() }),
        }
    }
}

impl fmt::Debug for SesNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SesNotifier").finish_non_exhaustive()
    }
}
