//! Where the mail server is and how it is spoken to, checked before anything is sent.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use domain::secret::Secret;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use thiserror::Error;

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all; for a server on the same machine.
    None,
    /// By STARTTLS, and not at all without it (RFC 3207; usually port 587).
    StartTls,
    /// From the first byte (RFC 8314; usually port 465).
    Implicit,
}

impl Tls {
    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
        }
    }

    /// The port that goes with it where none is given.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Implicit => 465,
        }
    }
}

impl FromStr for Tls {
    type Err = SmtpOptionsError;

    fn from_str(text: &str) -> Result<Self, SmtpOptionsError> {
        let all = [Self::None, Self::StartTls, Self::Implicit];
        all.into_iter().find(|tls| tls.name() == text).ok_or(SmtpOptionsError::Tls)
    }
}

/// Where the mail server is and how it is spoken to.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Its name, which its certificate must show, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub tls: Tls,
    /// Certificates (PEM) that are trusted beside those of the system.
    pub certificates: Option<Vec<u8>>,
    /// User and password, where it asks for them.
    pub login: Option<(String, Secret)>,
    /// How long one letter may take in all (seconds).
    pub timeout_seconds: u64,
    /// Most letters under way at once.
    pub connections: usize,
}

impl SmtpOptions {
    /// A server at its usual port, without login; 30 s for each letter, four letters at once.
    pub fn new(host: impl Into<String>, tls: Tls) -> Self {
        Self {
            host: host.into(),
            port: tls.default_port(),
            tls,
            certificates: None,
            login: None,
            timeout_seconds: 30,
            connections: 4,
        }
    }
}

/// A user's name may be an address, so neither half of the login is shown.
impl fmt::Debug for SmtpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (&self.host, self.port, self.tls.name(), self.login.is_some());
        f.debug_tuple("SmtpOptions").field(&shown).finish_non_exhaustive()
    }
}

/// Why options were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SmtpOptionsError {
    /// Not a way to protect a connection.
    #[error("is not a kind of TLS: use none, starttls or implicit")]
    Tls,
    /// The password would be readable on the way.
    #[error("a password is sent over TLS only, or to a server on this machine: set tls to starttls or implicit")]
    OpenPassword,
    /// The certificates cannot be read, or TLS cannot be set up.
    #[error("the certificates for the mail server cannot be used")]
    Certificates,
    /// No time at all.
    #[error("the timeout for mail must be at least 1 s")]
    Timeout,
}

/// Options as a conversation needs them.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Option<(Tls, TlsParameters)>,
    pub credentials: Option<Credentials>,
    pub timeout: Duration,
    pub hello: ClientId,
}

impl Server {
    pub fn of(options: SmtpOptions) -> Result<Self, SmtpOptionsError> {
        if options.timeout_seconds == 0 {
            return Err(SmtpOptionsError::Timeout);
        }
        if options.login.is_some() && options.tls == Tls::None && !is_this_machine(&options.host) {
            return Err(SmtpOptionsError::OpenPassword);
        }
        let tls = match options.tls {
            Tls::None => None,
            tls => Some((tls, parameters(&options)?)),
        };
        Ok(Self {
            tls,
            credentials: options.login.map(|(user, secret)| Credentials::new(user, secret.reveal().to_owned())),
            timeout: Duration::from_secs(options.timeout_seconds),
            // RFC 5321 section 4.1.3; a server that cares finds out the name of the other side itself.
            hello: ClientId::default(),
            host: options.host,
            port: options.port,
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn parameters(options: &SmtpOptions) -> Result<TlsParameters, SmtpOptionsError> {
    let refused = |_| SmtpOptionsError::Certificates;
    let mut builder = TlsParameters::builder(options.host.clone());
    if let Some(pem) = &options.certificates {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(refused)?);
    }
    builder.build_rustls().map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_travel_in_the_open() {
        let check = |host: &str, tls| {
            let login = Some(("u".to_owned(), Secret::new("canary")));
            Server::of(SmtpOptions { login, ..SmtpOptions::new(host, tls) }).err()
        };
        assert_eq!(check("mail.example.org", Tls::None), Some(SmtpOptionsError::OpenPassword));
        assert_eq!(check("192.0.2.1", Tls::None), Some(SmtpOptionsError::OpenPassword));
        assert_eq!(check("localhost.example.org", Tls::None), Some(SmtpOptionsError::OpenPassword));
        for here in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(check(here, Tls::None), None);
        }
        assert_eq!(check("mail.example.org", Tls::StartTls), None);
        assert_eq!(check("mail.example.org", Tls::Implicit), None);
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        let options = || SmtpOptions::new("localhost", Tls::Implicit);
        let check = |options| Server::of(options).err();
        assert_eq!(check(SmtpOptions { timeout_seconds: 0, ..options() }), Some(SmtpOptionsError::Timeout));
        let pem = Some(b"-----BEGIN CERTIFICATE-----\nx".to_vec());
        assert_eq!(check(SmtpOptions { certificates: pem, ..options() }), Some(SmtpOptionsError::Certificates));
    }

    #[test]
    fn names_of_the_configuration() {
        for tls in [Tls::None, Tls::StartTls, Tls::Implicit] {
            assert_eq!(tls.name().parse(), Ok(tls));
        }
        assert_eq!("TLS".parse::<Tls>(), Err(SmtpOptionsError::Tls));
    }

    #[test]
    fn a_debug_form_shows_no_login() {
        let login = Some(("canary".to_owned(), Secret::new("canary")));
        let options = SmtpOptions { login, ..SmtpOptions::new("mail.example.org", Tls::StartTls) };
        assert!(!format!("{options:?}").contains("canary"));
    }
}
