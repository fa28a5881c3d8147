//! The client: one bucket, or what lies below a prefix of it. All calls to S3 are made here.

mod headers;
mod multipart;
mod objects;
mod presign;

use std::fmt;
use std::sync::Arc;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials as Keys, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crc64::Crc64;
use domain::clock::Clock;
use domain::random::Random;
use tracing::debug;

pub use self::multipart::{PartTag, Unfinished, UploadId};
pub use self::objects::{Found, Head, Listed};
pub use self::presign::MOST_PRESIGNED_SECONDS;
use crate::S3Error;
use crate::options::{Credentials, OptionError, S3Options};
use crate::retry::Tries;
use crate::server_time::ServerTime;

/// How long making a connection may take.
const CONNECT_SECONDS: u64 = 5;

/// Objects below a prefix of a bucket, by keys relative to it. Clones share their connections.
///
/// Each call is tried at most [`Tries::limit`] times, each try with a deadline; the SDK's own retries are off.
#[derive(Clone)]
pub struct Bucket {
    inner: Arc<Inner>,
    /// Empty, or ending in a slash.
    prefix: Arc<str>,
    tries: Tries,
}

struct Inner {
    client: Client,
    name: String,
    kms_key: Option<String>,
    signs_payloads: bool,
    random: Arc<dyn Random>,
    time: ServerTime,
}

impl Bucket {
    /// A client for a bucket; nothing is asked of the server yet.
    ///
    /// # Errors
    /// The field of the options that cannot be.
    pub async fn open(
        options: &S3Options,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OptionError> {
        options.check()?;
        let time = ServerTime::new(clock);
        let timeouts =
            TimeoutConfig::builder().connect_timeout(std::time::Duration::from_secs(CONNECT_SECONDS)).build();
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(options.region.clone()))
            .credentials_provider(credentials(options).await)
            .force_path_style(options.path_style)
            .time_source(time.clone())
            .interceptor(time.clone())
            .interceptor(headers::NoTryNumbers)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Checksums are ours: CRC-64/NVME, known before a byte is sent.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        config.set_endpoint_url(options.endpoint.clone());
        let inner = Inner {
            client: Client::from_conf(config.build()),
            name: options.bucket.clone(),
            kms_key: options.kms_key.clone(),
            signs_payloads: !options.is_encrypted(),
            random,
            time,
        };
        let prefix = if options.prefix.is_empty() { String::new() } else { format!("{}/", options.prefix) };
        Ok(Self { inner: Arc::new(inner), prefix: prefix.into(), tries: options.tries })
    }

    /// The objects below a further folder, e.g. `lake` or `a/b`.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { prefix: format!("{}{folder}/", self.prefix).into(), ..self.clone() }
    }

    /// The same with other limits for each call.
    #[must_use]
    pub fn with_tries(&self, tries: Tries) -> Self {
        Self { tries, ..self.clone() }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The server's clock less this machine's (microseconds), by the last answer; 0 before the first.
    pub fn clock_difference(&self) -> i64 {
        self.inner.time.ahead()
    }

    /// What lies below this prefix, for code that names objects by `s3://bucket/key`.
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Whether the options name a key to encrypt under.
    pub(crate) fn encrypts_by_kms(&self) -> bool {
        self.inner.kms_key.is_some()
    }

    fn client(&self) -> &Client {
        &self.inner.client
    }

    /// Random bytes for names of objects that nobody else has.
    pub(crate) fn random(&self) -> &dyn Random {
        self.inner.random.as_ref()
    }

    /// The server's time.
    pub(crate) fn now(&self) -> domain::time::Micros {
        self.inner.time.now()
    }

    /// Makes a call until it succeeds, fails for good, or is out of tries. `attempt` gets the number of its try, from 0.
    async fn call<T, F>(&self, call: &'static str, bytes: u64, mut attempt: impl FnMut(u32) -> F) -> Result<T, S3Error>
    where
        F: Future<Output = Result<T, S3Error>>,
    {
        let (tries, deadline) = (&self.tries, self.tries.deadline(bytes));
        let mut number = 0;
        loop {
            let correction = self.inner.time.correction();
            let answer = tokio::time::timeout(deadline, attempt(number)).await;
            let error = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_) => S3Error::TimedOut { call, seconds: deadline.as_secs() },
            };
            number += 1;
            // A HEAD that is refused does not say why: it may have been our clock, which the answer has set.
            let was_our_clock = error.is_forbidden() && self.inner.time.was_set_since(correction);
            if number >= tries.limit || !(error.retryable() || was_our_clock) {
                return Err(error);
            }
            debug!(call, number, %error, "a call to s3 is made again");
            tokio::time::sleep(tries.wait_after(number - 1, self.random())).await;
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.inner.name).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

async fn credentials(options: &S3Options) -> SharedCredentialsProvider {
    match &options.credentials {
        Credentials::Surroundings => {
            let region = Region::new(options.region.clone());
            SharedCredentialsProvider::new(DefaultCredentialsChain::builder().region(region).build().await)
        }
        Credentials::Keys { access_key, secret_key, session_token } => {
            let token = session_token.as_ref().map(|token| token.reveal().to_owned());
            SharedCredentialsProvider::new(Keys::new(access_key, secret_key.reveal(), token, None, "options"))
        }
    }
}

/// As `x-amz-checksum-crc64nvme` holds it: base64 of big-endian.
fn checksum_text(crc: Crc64) -> String {
    BASE64_STANDARD.encode(crc.value.to_be_bytes())
}

/// Reads such a text; `None` for anything else, e.g. a composite one of parts.
fn read_checksum(text: &str) -> Option<u64> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_written_as_s3_writes_them() {
        let crc = Crc64::of(b"123456789");
        assert_eq!(checksum_text(crc), "rosUhgp5mIg=");
        assert_eq!(read_checksum("rosUhgp5mIg="), Some(crc.value));
        assert_eq!(read_checksum("rosUhgp5mIg=-2"), None);
    }
}
