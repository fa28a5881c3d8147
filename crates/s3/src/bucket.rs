//! The client: one bucket, or what lies below a prefix of it. All calls to S3 are made here.

mod multipart;
mod objects;
mod presign;

use std::fmt;
use std::sync::Arc;

use aws::{Calls, NoTryNumbers, OptionError, ServerTime, Tries};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crc64::Crc64;
use domain::clock::Clock;
use domain::random::Random;

pub use self::multipart::{PartTag, Unfinished, UploadId};
pub use self::objects::{Found, Head, Listed};
pub use self::presign::MOST_PRESIGNED_SECONDS;
use crate::S3Error;
use crate::options::S3Options;

/// Objects below a prefix of a bucket, by keys relative to it. Clones share their connections.
///
/// Each call is tried at most [`Tries::limit`] times, each try with a deadline; the SDK's own retries are off.
#[derive(Clone)]
pub struct Bucket {
    inner: Arc<Inner>,
    /// Empty, or ending in a slash.
    prefix: Arc<str>,
    calls: Calls,
}

struct Inner {
    client: Client,
    name: String,
    kms_key: Option<String>,
    signs_payloads: bool,
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
        let config = aws_sdk_s3::config::Builder::from(&options.place.config(&time).await)
            .force_path_style(options.path_style)
            .interceptor(time.clone())
            .interceptor(NoTryNumbers)
            // Checksums are ours: CRC-64/NVME, known before a byte is sent.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let inner = Inner {
            client: Client::from_conf(config.build()),
            name: options.bucket.clone(),
            kms_key: options.kms_key.clone(),
            signs_payloads: !options.place.is_encrypted(),
        };
        let prefix = if options.prefix.is_empty() { String::new() } else { format!("{}/", options.prefix) };
        let calls = Calls { tries: options.tries, random, time };
        Ok(Self { inner: Arc::new(inner), prefix: prefix.into(), calls })
    }

    /// The objects below a further folder, e.g. `lake` or `a/b`.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { prefix: format!("{}{folder}/", self.prefix).into(), ..self.clone() }
    }

    /// The same with other limits for each call.
    #[must_use]
    pub fn with_tries(&self, tries: Tries) -> Self {
        Self { calls: Calls { tries, ..self.calls.clone() }, ..self.clone() }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The server's clock less this machine's (microseconds), by the last answer; 0 before the first.
    pub fn clock_difference(&self) -> i64 {
        self.calls.time.ahead()
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
        self.calls.random.as_ref()
    }

    /// The server's time.
    pub(crate) fn now(&self) -> domain::time::Micros {
        self.calls.time.now()
    }

    /// Makes a call until it succeeds, fails for good, or is out of tries. `attempt` gets the number of its try, from 0.
    async fn call<T, F>(&self, call: &'static str, bytes: u64, attempt: impl FnMut(u32) -> F) -> Result<T, S3Error>
    where
        F: Future<Output = Result<T, S3Error>>,
    {
        self.calls.make(call, bytes, attempt).await
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.inner.name).field("prefix", &self.prefix).finish_non_exhaustive()
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
