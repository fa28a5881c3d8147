//! `[http]`: where the service listens, and what it is called outside.

use std::net::SocketAddr;

use api::address::Network;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// Where the service listens, and what it is called outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What links in mails begin with; empty for `http://` and the address that is listened on.
    pub public_url: String,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks such as 10.0.0.0/8.
    pub trusted_proxies: Vec<String>,
    /// `presigned` (links lead to the bucket, where the artifacts lie in one) or `proxied` (always to this service).
    pub downloads: Downloads,
}

/// Who answers downloads of what lies in a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Downloads {
    /// The bucket: a link that began goes on for whoever is removed meanwhile.
    #[default]
    Presigned,
    /// This service, which asks for the membership at each range.
    Proxied,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8470)),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            downloads: Downloads::default(),
        }
    }
}

impl Http {
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.trusted_proxies()?;
        match self.public_url.is_empty() || is_origin(&self.public_url) {
            true => Ok(()),
            false => {
                Err(Failure::usage("http.public_url must be http:// or https:// and a host, with no / at its end"))
            }
        }
    }

    /// The proxies that are believed.
    pub fn trusted_proxies(&self) -> Result<Vec<Network>, Failure> {
        let parse = |text: &String| {
            text.parse()
                .map_err(|_| Failure::usage("http.trusted_proxies must be addresses or networks like 10.0.0.0/8"))
        };
        self.trusted_proxies.iter().map(parse).collect()
    }

    /// What the service is called outside, once it listens at `real`.
    pub fn public_url(&self, real: SocketAddr) -> String {
        if self.public_url.is_empty() { format!("http://{real}") } else { self.public_url.clone() }
    }
}

/// A scheme, a host and maybe a port and a path: nothing that could end a header line or carry a password.
pub fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte);
        !rest.is_empty() && !rest.starts_with('/') && !rest.ends_with('/') && rest.bytes().all(plain)
    })
}
