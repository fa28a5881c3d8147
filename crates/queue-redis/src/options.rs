//! Where Redis is and how it is spoken to, checked before anything is sent.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use domain::secret::Secret;
use thiserror::Error;

/// The port where none is given.
const DEFAULT_PORT: u16 = 6379;
/// Greatest deadline that can be set.
const TIMEOUT_LIMIT: Duration = Duration::from_secs(60);

/// Where Redis is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// Its name, which its certificate must show, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// The number of the database.
    pub database: u32,
    /// Its user for us (Redis 6 ACL); without one the password is that of the default user.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// Certificates (PEM) that are trusted instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// How all keys begin.
    pub prefix: String,
    /// How long a connection may take to come about, TLS and sign-in included.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub answer_timeout: Duration,
}

impl RedisOptions {
    /// Reads `redis://host[:port][/database]`, or `rediss://` for TLS; all else as by default: nobody signs in, the
    /// prefix is `outhaul`, and a connection and an answer have 2 s each.
    ///
    /// # Errors
    /// Another form, or a user or a password in it, which belong into fields that are never shown.
    pub fn parse(url: &str) -> Result<Self, RedisOptionsError> {
        let url = redis::parse_redis_url(url).ok_or(RedisOptionsError::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedisOptionsError::Credentials);
        }
        let tls = match url.scheme() {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(RedisOptionsError::Url),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(RedisOptionsError::Url);
        }
        // An IPv6 address stands in brackets in a URL, and without them everywhere else.
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(RedisOptionsError::Url);
        }
        let database = match url.path().trim_start_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| RedisOptionsError::Url)?,
        };
        Ok(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(DEFAULT_PORT),
            tls,
            database,
            user: None,
            password: None,
            ca_file: None,
            prefix: "outhaul".to_owned(),
            connect_timeout: Duration::from_secs(2),
            answer_timeout: Duration::from_secs(2),
        })
    }

    /// What needs no look at the outside.
    pub(crate) fn check(&self) -> Result<(), RedisOptionsError> {
        let is_short = |timeout: Duration| !timeout.is_zero() && timeout <= TIMEOUT_LIMIT;
        match self {
            _ if self.user.is_some() && self.password.is_none() => Err(RedisOptionsError::User),
            _ if self.ca_file.is_some() && !self.tls => Err(RedisOptionsError::CaFileWithoutTls),
            _ if !is_short(self.connect_timeout) => Err(RedisOptionsError::ConnectTimeout),
            _ if !is_short(self.answer_timeout) => Err(RedisOptionsError::AnswerTimeout),
            _ => Ok(()),
        }
    }
}

/// Why options were refused; each begins with the name of the field.
#[derive(Debug, Error)]
pub enum RedisOptionsError {
    /// Not the address of a Redis.
    #[error("url: is not of the form redis://host:port/database or rediss://host:port/database")]
    Url,
    /// The address would be a secret.
    #[error("url: holds a user or a password, which have fields of their own")]
    Credentials,
    /// Nobody signs in by a name alone.
    #[error("user: needs a password beside it")]
    User,
    /// Not readable.
    #[error("ca_file: cannot be read")]
    CaFile(#[source] io::Error),
    /// Not certificates, or no certificate.
    #[error("ca_file: holds no certificates, or one that cannot be used")]
    Certificates,
    /// It would be ignored.
    #[error("ca_file: is for rediss:// alone")]
    CaFileWithoutTls,
    /// The system's store of certificates is empty.
    #[error("ca_file: is needed, since this system has no certificates of its own")]
    NoCertificates,
    /// Not a prefix.
    #[error("prefix: must be 1 to 64 of a-z, 0-9, '-', '_', '.' and ':'")]
    Prefix,
    /// None, or too long.
    #[error("connect_timeout: must be more than 0 and at most 60 s")]
    ConnectTimeout,
    /// None, or too long.
    #[error("answer_timeout: must be more than 0 and at most 60 s")]
    AnswerTimeout,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<(&str, u16, bool, u32), &str>) {
        let parsed = RedisOptions::parse(url).map_err(|error| error.to_string());
        let found = parsed.as_ref().map(|options| (options.host.as_str(), options.port, options.tls, options.database));
        match expected {
            Ok(expected) => assert_eq!(found, Ok(expected), "{url}"),
            Err(words) => {
                assert!(found.is_err_and(|error| error.starts_with("url: ") && error.contains(words)), "{url}")
            }
        }
    }

    #[test]
    fn addresses() {
        check("redis://localhost", Ok(("localhost", 6379, false, 0)));
        check("redis://127.0.0.1:7000/", Ok(("127.0.0.1", 7000, false, 0)));
        check("rediss://cache.example.org/3", Ok(("cache.example.org", 6379, true, 3)));
        check("valkey://[::1]:7000/0", Ok(("::1", 7000, false, 0)));
        check("redis://:canary@localhost", Err("fields of their own"));
        check("redis://canary@localhost", Err("fields of their own"));
        for other in
            ["", "localhost:6379", "http://localhost", "redis://", "redis://h/x", "redis://h/-1", "unix:///run/r"]
        {
            check(other, Err("not of the form"));
        }
        for other in ["rediss://h#insecure", "redis://h?protocol=resp3", "redis://h/1/2", "redis://h:99999"] {
            check(other, Err("not of the form"));
        }
    }

    #[test]
    fn what_cannot_work_is_named_by_its_field() {
        let check = |change: fn(&mut RedisOptions), expected: &str| {
            let mut options = RedisOptions::parse("redis://localhost").unwrap();
            change(&mut options);
            let found = options.check().map_err(|error| error.to_string());
            assert_eq!(found.as_ref().err().and_then(|error| error.split(':').next()).unwrap_or(""), expected);
        };
        check(|_| (), "");
        check(|options| options.password = Some(Secret::new("p")), "");
        check(|options| options.user = Some("u".to_owned()), "user");
        check(|options| options.ca_file = Some("ca.pem".into()), "ca_file");
        check(|options| options.connect_timeout = Duration::ZERO, "connect_timeout");
        check(|options| options.answer_timeout = Duration::from_secs(61), "answer_timeout");
    }

    #[test]
    fn a_debug_form_shows_no_password() {
        let mut options = RedisOptions::parse("redis://localhost").unwrap();
        options.password = Some(Secret::new("canary"));
        assert!(!format!("{options:?}").contains("canary"));
    }
}
