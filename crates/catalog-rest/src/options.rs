//! Where the catalog is and how it is spoken to, checked before anything is asked of it.

use std::time::Duration;

use aws::Place;
use domain::secret::Secret;
use lake::catalog::NAMESPACE;
use thiserror::Error;
use ureq::tls::TlsConfig;
use url::Url;

/// Where the catalog is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct RestOptions {
    /// Its address without `/v1`, such as `https://catalog.example.org/iceberg`.
    pub uri: String,
    /// Which of its warehouses, as it names them; empty where it has one.
    pub warehouse: String,
    /// The namespace of the table: lower-case letters, digits and `_`.
    pub namespace: String,
    /// How we show who we are.
    pub access: Access,
    /// Who says where the table's metadata lies.
    pub place: TablePlace,
    /// How long a question may take, with its repeats.
    pub answer: Duration,
    /// How long one try to commit may take.
    pub commit: Duration,
    /// Which certificates are trusted.
    pub tls: TlsConfig,
}

/// How we show who we are.
#[derive(Clone, Debug)]
pub enum Access {
    /// Not at all.
    Open,
    /// By a token that somebody else looks after.
    Token(Secret),
    /// By tokens that we ask for, with an id and a secret of our own (OAuth 2.0, RFC 6749 section 4.4).
    Client {
        /// The id.
        id: String,
        /// What proves it.
        secret: Secret,
        /// What the tokens are for; empty to say nothing.
        scope: String,
        /// Where tokens are given out; empty for the catalog's own `v1/oauth/tokens`.
        uri: String,
    },
    /// By a signature of each request, as AWS has it (Signature Version 4).
    Signed {
        /// The region, and the keys to sign with; its endpoint is not asked.
        place: Place,
        /// The service as signatures name it: `glue`, `s3tables`.
        service: String,
    },
}

/// Who says where a new table's metadata lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablePlace {
    /// We do: where the lake's files lie.
    Lake,
    /// The catalog does, which takes no place but its own. Where data files lie stands in the table's properties.
    Catalog,
}

/// An option that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct OptionError {
    /// Which field of [`RestOptions`].
    pub field: &'static str,
    /// What it must be.
    pub reason: &'static str,
}

impl RestOptions {
    /// A catalog that asks nobody who they are.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            warehouse: String::new(),
            namespace: NAMESPACE.to_owned(),
            access: Access::Open,
            place: TablePlace::Lake,
            answer: Duration::from_millis(1_800),
            commit: Duration::from_secs(10),
            tls: TlsConfig::default(),
        }
    }

    /// Looks at all fields.
    ///
    /// # Errors
    /// The first field that cannot be, and what it must be.
    pub fn check(&self) -> Result<(), OptionError> {
        let fits = |holds: bool, field, reason| if holds { Ok(()) } else { Err(OptionError { field, reason }) };
        let address = "must be http:// or https:// with a host, without name, password and query";
        fits(is_address(&self.uri), "uri", address)?;
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let is_name = (1..=64).contains(&self.namespace.len()) && self.namespace.bytes().all(plain);
        fits(is_name, "namespace", "must be 1 to 64 of a-z, 0-9 and '_'")?;
        fits(!self.answer.is_zero(), "answer", "must not be 0")?;
        fits(!self.commit.is_zero(), "commit", "must not be 0")?;
        match &self.access {
            Access::Open => Ok(()),
            Access::Token(token) => fits(is_token(token), "token", "must be one line of visible letters"),
            Access::Client { id, secret, uri, .. } => {
                fits(!id.is_empty(), "client_id", "must not be empty")?;
                fits(!secret.reveal().is_empty(), "client_secret", "must not be empty")?;
                fits(uri.is_empty() || is_address(uri), "token_uri", address)
            }
            Access::Signed { place, service } => {
                place.check().map_err(|aws::OptionError { field, reason }| OptionError { field, reason })?;
                let is_name = (1..=64).contains(&service.len()) && service.bytes().all(plain_of_services);
                fits(is_name, "sigv4", "must be 1 to 64 of a-z, 0-9 and '-'")
            }
        }?;
        let is_open = matches!(self.access, Access::Open);
        let reason = "must begin with https://, or lead to this machine, for a secret to be sent there";
        fits(is_open || keeps_secrets(&self.uri), "uri", reason)
    }
}

fn plain_of_services(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// What stands in a header (RFC 6750 section 2.1).
fn is_token(token: &Secret) -> bool {
    !token.reveal().is_empty() && token.reveal().bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether nobody on the way can read what is sent.
fn keeps_secrets(uri: &str) -> bool {
    let here = |host: url::Host<&str>| match host {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    Url::parse(uri).is_ok_and(|url| url.scheme() == "https" || url.host().is_some_and(here))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut RestOptions)) -> Option<&'static str> {
        let mut options = RestOptions::new("https://catalog.example.org/iceberg");
        change(&mut options);
        options.check().err().map(|error| error.field)
    }

    fn client(uri: &str) -> Access {
        Access::Client { id: "i".into(), secret: Secret::new("s"), scope: String::new(), uri: uri.into() }
    }

    #[test]
    fn options_that_cannot_work_are_named() {
        assert_eq!(refused(|_| ()), None);
        for uri in ["", "catalog", "ftp://a", "https://u:p@a/", "https://a/?q", "https://a/#f"] {
            assert_eq!(refused(|options| options.uri = uri.to_owned()), Some("uri"), "{uri}");
        }
        for namespace in ["", "a.b", "A", "a/b"] {
            assert_eq!(refused(|options| options.namespace = namespace.to_owned()), Some("namespace"), "{namespace}");
        }
        assert_eq!(refused(|options| options.answer = Duration::ZERO), Some("answer"));
        assert_eq!(refused(|options| options.commit = Duration::ZERO), Some("commit"));
        assert_eq!(refused(|options| options.access = Access::Token(Secret::new("a\r\nb"))), Some("token"));
        assert_eq!(refused(|options| options.access = client("nowhere")), Some("token_uri"));
        let signed =
            |region: &str, service: &str| Access::Signed { place: Place::new(region), service: service.into() };
        for (access, field) in [(signed("", "glue"), "region"), (signed("eu-central-1", "AWS Glue"), "sigv4")] {
            assert_eq!(refused(|options| options.access = access), Some(field));
        }
        assert_eq!(refused(|options| options.access = signed("eu-central-1", "glue")), None);
    }

    #[test]
    fn a_secret_does_not_travel_in_the_open() {
        let check = |uri: &str| refused(|options| (options.uri, options.access) = (uri.to_owned(), client("")));
        assert_eq!(check("http://catalog.example.org"), Some("uri"));
        for kept in ["https://catalog.example.org", "http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"] {
            assert_eq!(check(kept), None, "{kept}");
        }
        assert!(!format!("{:?}", Access::Token(Secret::new("canary"))).contains("canary"));
    }
}
