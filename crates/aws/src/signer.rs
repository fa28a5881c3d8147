//! Signatures of requests that no SDK makes (AWS Signature Version 4, in headers).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use domain::clock::Clock;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{Place, ServerTime, causes, system_time};

/// How long before their end keys that are lent for a while are asked for anew.
const EARLY: Duration = Duration::from_secs(300);

/// Signs requests to one service of a region.
pub struct Signer {
    provider: SharedCredentialsProvider,
    region: String,
    service: String,
    time: ServerTime,
    keys: Mutex<Option<Keys>>,
}

/// Why a request was not signed; names no key.
#[derive(Debug, Error)]
pub enum SignError {
    /// Nothing that the surroundings give can be signed with.
    #[error("no key to sign with: {what}")]
    NoKeys {
        /// What stood in the way.
        what: String,
    },
    /// The request has no form that could be signed.
    #[error("the request cannot be signed: {what}")]
    Unfit {
        /// Why not.
        what: String,
    },
}

impl Signer {
    /// By the keys and the region of `place`, for a service as signatures name it, e.g. `glue`; nobody is asked yet.
    pub async fn new(place: &Place, service: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            provider: place.provider().await,
            region: place.region.clone(),
            service: service.into(),
            time: ServerTime::new(clock),
            keys: Mutex::default(),
        }
    }

    /// The headers by which a request with this body becomes a signed one. Its other headers are not signed.
    ///
    /// # Errors
    /// There are no keys, or the url is none.
    pub async fn headers(&self, method: &str, url: &str, body: &[u8]) -> Result<Vec<(String, String)>, SignError> {
        let unfit = |error: &dyn std::error::Error| SignError::Unfit { what: causes(error) };
        let identity = self.keys().await?.into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(system_time(self.time.now()))
            .settings(settings);
        let params = params.build().map_err(|error| unfit(&error))?.into();
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new(method, url, std::iter::empty(), body).map_err(|error| unfit(&error))?;
        let (signed, _) = sign(request, &params).map_err(|error| unfit(&error))?.into_parts();
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Takes the `Date` of an answer; true where our clock turns out to be so far off that the last request was signed wrongly.
    pub fn learn(&self, date: &str) -> bool {
        let correction = self.time.correction();
        self.time.learn(date);
        self.time.was_set_since(correction)
    }

    async fn keys(&self) -> Result<Keys, SignError> {
        let mut kept = self.keys.lock().await;
        let until = system_time(self.time.now()) + EARLY;
        if let Some(keys) = kept.as_ref().filter(|keys| keys.expiry().is_none_or(|end| until < end)) {
            return Ok(keys.clone());
        }
        let given = self.provider.provide_credentials().await;
        let keys = given.map_err(|error| SignError::NoKeys { what: causes(&error) })?;
        Ok(kept.insert(keys).clone())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("region", &self.region).field("service", &self.service).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use domain::clock::ManualClock;
    use domain::secret::Secret;
    use domain::time::Micros;

    use super::*;
    use crate::Credentials;

    async fn signer(session_token: Option<&str>) -> Signer {
        let mut place = Place::new("us-east-1");
        place.credentials = Credentials::Keys {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: session_token.map(Secret::new),
        };
        // 2015-08-30T12:36:00Z
        Signer::new(&place, "service", Arc::new(ManualClock::at(Micros(1_440_938_160_000_000)))).await
    }

    fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[tokio::test]
    async fn everything_that_counts_is_signed() {
        let signer = signer(Some("lent")).await;
        let signed = async |method: &str, url: &str, body: &[u8]| signer.headers(method, url, body).await.unwrap();
        let first = signed("GET", "https://example.org/v1/config?warehouse=a%20b", b"").await;
        assert_eq!(value(&first, "x-amz-date"), Some("20150830T123600Z"));
        assert_eq!(value(&first, "x-amz-security-token"), Some("lent"));
        let begin = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=";
        let signature = |headers: &[(String, String)]| {
            value(headers, "authorization").and_then(|text| text.strip_prefix(begin)).expect("signed").to_owned()
        };
        assert_eq!(signature(&first).len(), 64);
        for (method, url, body) in [
            ("POST", "https://example.org/v1/config?warehouse=a%20b", b"".as_slice()),
            ("GET", "https://example.com/v1/config?warehouse=a%20b", b""),
            ("GET", "https://example.org/v1/config?warehouse=b", b""),
            ("GET", "https://example.org/v1/config?warehouse=a%20b", b"x"),
        ] {
            assert_ne!(signature(&signed(method, url, body).await), signature(&first), "{method} {url}");
        }
        assert!(matches!(signer.headers("GET", "no url at all", b"").await, Err(SignError::Unfit { .. })));
    }

    #[tokio::test]
    async fn a_wrong_clock_is_set_by_an_answer() {
        let signer = signer(None).await;
        assert!(!signer.learn("Sun, 30 Aug 2015 12:36:20 GMT"), "some seconds are no matter");
        assert!(signer.learn("Sun, 30 Aug 2015 13:36:00 GMT"));
        let headers = signer.headers("GET", "https://example.org/", b"").await.unwrap();
        assert_eq!(value(&headers, "x-amz-date"), Some("20150830T133600Z"));
    }
}
