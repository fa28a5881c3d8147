//! How a server is reached, checked before anything connects.

use std::path::PathBuf;
use std::str::FromStr;

use domain::secret::Secret;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use thiserror::Error;

use crate::deadlines::Deadlines;

/// Connections at a time, unless said otherwise.
const POOL_SIZE: u32 = 8;
/// Most connections at a time that can be asked for.
const POOL_SIZE_LIMIT: u32 = 512;
/// PostgreSQL cuts longer names short without a word (`NAMEDATALEN - 1`).
const NAME_LIMIT_BYTES: usize = 63;
/// The port of a server, unless said otherwise.
pub(crate) const PORT: u16 = 5432;

/// A server, a database in it, who connects, and under which bounds.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    host: String,
    port: u16,
    database: String,
    user: String,
    password: Secret,
    tls: Tls,
    pool_size: u32,
    deadlines: Deadlines,
}

/// What is said on the wire, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Everything in the clear: for a server of the same machine or a wire that is trusted.
    Disable,
    /// Encrypted, whoever the other side is.
    Require,
    /// Encrypted, and the other side has a certificate for this host.
    VerifyFull {
        /// Certificates in PEM that are trusted besides those that browsers trust.
        ca_file: Option<PathBuf>,
    },
}

/// Why options were refused: which field, and what it should be. Its value is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field} {reason}")]
pub struct OptionsError {
    /// The field.
    pub field: &'static str,
    /// The end of the sentence that begins with it.
    pub reason: &'static str,
}

impl PostgresOptions {
    /// Takes what every connection needs. TLS is asked for (`verify-full`), unless the host is this machine's own.
    ///
    /// # Errors
    /// Names `host`, `port`, `database` or `user`.
    pub fn new(host: &str, port: u16, database: &str, user: &str) -> Result<Self, OptionsError> {
        let plain = |text: &str| !text.is_empty() && !text.contains(['\0', '/']);
        let named = |text: &str| !text.is_empty() && text.len() <= NAME_LIMIT_BYTES && !text.contains('\0');
        refuse(!plain(host), "host", "must be a name or an address of a server")?;
        refuse(port == 0, "port", "must be 1 to 65535")?;
        refuse(!named(database), "database", "must have 1 to 63 bytes")?;
        refuse(!named(user), "user", "must have 1 to 63 bytes")?;
        let tls = if is_this_machine(host) { Tls::Disable } else { Tls::VerifyFull { ca_file: None } };
        let (host, database, user) = (host.to_owned(), database.to_owned(), user.to_owned());
        let (password, deadlines) = (Secret::default(), Deadlines::default());
        Ok(Self { host, port, database, user, password, tls, pool_size: POOL_SIZE, deadlines })
    }

    /// Reads `postgres://user:password@host:port/database`, with `sslmode` (`disable`, `require`, `verify-full`) and
    /// `sslrootcert` behind a question mark. What is missing but has a default gets it: the port, the password, `sslmode`.
    ///
    /// # Errors
    /// Names the part of the URL.
    pub fn parse(url: &str) -> Result<Self, OptionsError> {
        crate::url::parse(url)
    }

    /// With this password.
    #[must_use]
    pub fn with_password(self, password: Secret) -> Self {
        Self { password, ..self }
    }

    /// With this protection of the wire.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls, ..self }
    }

    /// With at most this many connections (1 to 512).
    ///
    /// # Errors
    /// Names `pool_size`.
    pub fn with_pool_size(self, pool_size: u32) -> Result<Self, OptionsError> {
        refuse(!(1..=POOL_SIZE_LIMIT).contains(&pool_size), "pool_size", "must be 1 to 512")?;
        Ok(Self { pool_size, ..self })
    }

    /// With these bounds.
    ///
    /// # Errors
    /// Names `call_timeout`, `statement_timeout`, `silence_timeout` or `import_timeout`: each is 10 ms to 1 h.
    pub fn with_deadlines(self, deadlines: Deadlines) -> Result<Self, OptionsError> {
        let Deadlines { call, statement, silence, import } = deadlines;
        for (field, deadline) in [
            ("call_timeout", call),
            ("statement_timeout", statement),
            ("silence_timeout", silence),
            ("import_timeout", import),
        ] {
            let is_sound = (10..=3_600_000).contains(&deadline.as_millis());
            refuse(!is_sound, field, "must be 10 ms to 1 h")?;
        }
        Ok(Self { deadlines, ..self })
    }

    /// Who connects.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// At most so many connections at a time.
    pub fn pool_size(&self) -> u32 {
        self.pool_size
    }

    /// The bounds.
    pub fn deadlines(&self) -> Deadlines {
        self.deadlines
    }

    /// What the driver is told; tables are looked for in `schema`, and the server keeps the bounds that are its own.
    pub(crate) fn for_service(&self, schema: &str) -> PgConnectOptions {
        let milliseconds = |deadline: std::time::Duration| deadline.as_millis().to_string();
        self.for_owner().options([
            ("search_path", schema.to_owned()),
            ("statement_timeout", milliseconds(self.deadlines.statement)),
            ("idle_in_transaction_session_timeout", milliseconds(self.deadlines.silence)),
        ])
    }

    /// What the driver is told for a migration, which has no bounds but those that it sets itself.
    pub(crate) fn for_owner(&self) -> PgConnectOptions {
        // What the driver would take from the environment is said here, but for its certificate files and `PGOPTIONS`, which it
        // offers no way to clear.
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.database)
            .username(&self.user)
            .password(self.password.reveal())
            .application_name("outhaul")
            .disable_statement_logging();
        match &self.tls {
            Tls::Disable => options.ssl_mode(PgSslMode::Disable),
            Tls::Require => options.ssl_mode(PgSslMode::Require),
            Tls::VerifyFull { ca_file: None } => options.ssl_mode(PgSslMode::VerifyFull),
            Tls::VerifyFull { ca_file: Some(file) } => options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(file),
        }
    }
}

impl FromStr for PostgresOptions {
    type Err = OptionsError;

    fn from_str(url: &str) -> Result<Self, OptionsError> {
        Self::parse(url)
    }
}

pub(crate) fn refuse(is_wrong: bool, field: &'static str, reason: &'static str) -> Result<(), OptionsError> {
    if is_wrong { Err(OptionsError { field, reason }) } else { Ok(()) }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named() {
        let check = |host: &str, port, database: &str, user: &str, field: &str| {
            let refused = PostgresOptions::new(host, port, database, user).unwrap_err();
            assert_eq!(refused.field, field);
        };
        check("", 1, "d", "u", "host");
        check("a/b", 1, "d", "u", "host");
        check("h", 0, "d", "u", "port");
        check("h", 1, "", "u", "database");
        check("h", 1, &"d".repeat(64), "u", "database");
        check("h", 1, "d", "u\0", "user");
        let sound = PostgresOptions::new("h", 1, "d", "u").unwrap();
        assert_eq!(sound.clone().with_pool_size(0).unwrap_err().field, "pool_size");
        let silence = std::time::Duration::ZERO;
        let refused = sound.with_deadlines(Deadlines { silence, ..Deadlines::default() }).unwrap_err();
        assert_eq!(refused.to_string(), "silence_timeout must be 10 ms to 1 h");
    }

    #[test]
    fn the_wire_is_protected_unless_it_is_this_machines() {
        let tls = |host: &str| PostgresOptions::new(host, 1, "d", "u").unwrap().tls;
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(tls(host), Tls::Disable);
        }
        for host in ["db.example.org", "10.0.0.1", "localhost.example.org"] {
            assert_eq!(tls(host), Tls::VerifyFull { ca_file: None });
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let options = PostgresOptions::new("h", 1, "d", "u").unwrap().with_password(Secret::new("geheim"));
        assert!(!format!("{options:?}").contains("geheim"));
    }
}
