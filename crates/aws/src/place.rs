//! Where a service of AWS is called, and how calls are signed.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::SharedCredentialsProvider;
use domain::secret::Secret;
use thiserror::Error;

use crate::ServerTime;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Where a service is called, and how calls are signed.
#[derive(Clone, Debug)]
pub struct Place {
    /// The region that requests are signed for, e.g. `eu-central-1`.
    pub region: String,
    /// Another server than AWS's: `http://` or `https://`, a host, perhaps a port. Without TLS only what is signed is safe
    /// from being changed, and nothing from being read.
    pub endpoint: Option<String>,
    /// How requests are signed.
    pub credentials: Credentials,
}

/// How requests are signed.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// By what the surroundings give, the first that is there: `AWS_ACCESS_KEY_ID` and its like, the profile of
    /// `~/.aws`, the web identity of a pod (EKS), the role of a container or an instance. Taken anew before it expires.
    Surroundings,
    /// By these.
    Keys {
        /// The public half.
        access_key: String,
        /// The secret half.
        secret_key: Secret,
        /// Goes with keys that are lent for a while.
        session_token: Option<Secret>,
    },
}

/// An option that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct OptionError {
    /// Which option.
    pub field: &'static str,
    /// What it must be.
    pub reason: &'static str,
}

impl OptionError {
    /// An error unless something holds of a field.
    ///
    /// # Errors
    /// That one.
    pub fn unless(holds: bool, field: &'static str, reason: &'static str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { field, reason }) }
    }
}

impl Place {
    /// AWS's own servers in a region, signed for by what the surroundings give.
    pub fn new(region: impl Into<String>) -> Self {
        Self { region: region.into(), endpoint: None, credentials: Credentials::Surroundings }
    }

    /// Looks at all fields.
    ///
    /// # Errors
    /// The first field that cannot be, and what it must be.
    pub fn check(&self) -> Result<(), OptionError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_region = (1..=64).contains(&self.region.len()) && self.region.bytes().all(plain);
        OptionError::unless(is_region, "region", "must be 1 to 64 letters, digits and '-'")?;
        let reason = "must be http:// or https://, a host and perhaps a port, with no name, password or path";
        OptionError::unless(self.endpoint.as_deref().is_none_or(is_endpoint), "endpoint", reason)?;
        let Credentials::Keys { access_key, secret_key, .. } = &self.credentials else { return Ok(()) };
        let is_key = |key: &str| (1..=2_048).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        OptionError::unless(is_key(access_key), "access_key", "must be visible letters, 1 to 2,048")?;
        OptionError::unless(is_key(secret_key.reveal()), "secret_key", "must be visible letters, 1 to 2,048")
    }

    /// Whether what is sent is encrypted on its way.
    pub fn is_encrypted(&self) -> bool {
        self.endpoint.as_deref().is_none_or(|endpoint| endpoint.starts_with("https://"))
    }

    /// What the SDK's clients are made from; nothing is asked of anybody yet.
    ///
    /// The SDK's own repeats and its watch over slow streams are off: deadlines and tries are those of [`crate::Calls`].
    pub async fn config(&self, time: &ServerTime) -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.provider().await)
            .time_source(time.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.endpoint.clone());
        config.build()
    }

    pub(crate) async fn provider(&self) -> SharedCredentialsProvider {
        match &self.credentials {
            Credentials::Surroundings => {
                let region = Region::new(self.region.clone());
                SharedCredentialsProvider::new(DefaultCredentialsChain::builder().region(region).build().await)
            }
            Credentials::Keys { access_key, secret_key, session_token } => {
                let token = session_token.as_ref().map(|token| token.reveal().to_owned());
                SharedCredentialsProvider::new(Keys::new(access_key, secret_key.reveal(), token, None, "options"))
            }
        }
    }
}

fn is_endpoint(endpoint: &str) -> bool {
    let host = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://")).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    let host = host.strip_suffix('/').unwrap_or(host);
    !host.is_empty() && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(access: &str, secret: &str) -> Credentials {
        let (access_key, secret_key) = (access.to_owned(), Secret::new(secret));
        Credentials::Keys { access_key, secret_key, session_token: Some(Secret::new("c4n4ry")) }
    }

    #[test]
    fn a_field_that_cannot_be_is_named() {
        let good = Place::new("eu-central-1");
        let endpoint = |text: &str| Place { endpoint: Some(text.to_owned()), ..good.clone() };
        let cases = [
            ("region", Place::new("")),
            ("region", Place::new("eu/1")),
            ("endpoint", endpoint("127.0.0.1:8333")),
            ("endpoint", endpoint("http://name:word@host")),
            ("endpoint", endpoint("https://host/path")),
            ("access_key", Place { credentials: keys("", "s"), ..good.clone() }),
            ("secret_key", Place { credentials: keys("a", "s\n"), ..good.clone() }),
        ];
        for (field, place) in cases {
            assert_eq!(place.check().map_err(|error| error.field), Err(field), "{place:?}");
        }
    }

    #[test]
    fn a_good_place_passes_and_shows_no_secret() {
        let place = Place { endpoint: Some("http://127.0.0.1:8333".into()), ..Place::new("us-east-1") };
        let place = Place { credentials: keys("AKIA", "c4n4ry"), ..place };
        assert_eq!((place.check(), place.is_encrypted()), (Ok(()), false));
        assert!(!format!("{place:?}").contains("c4n4ry"));
        assert!(Place::new("us-east-1").is_encrypted());
    }
}
