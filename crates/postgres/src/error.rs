//! Why PostgreSQL did not do what was asked, and whether asking again may help.

use std::error::Error as StdError;

use sqlx::error::DatabaseError;
use thiserror::Error;

/// The cause below an error.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why PostgreSQL did not do what was asked.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// It is away, busy, or the connection broke; whether a write happened is not known.
    #[error("PostgreSQL did not answer: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the server or the wire said.
        source: Cause,
        /// Whether the transaction was surely taken back, so that it may run again at once.
        repeat: Repeat,
    },
    /// It refused, for a reason that a repeat does not mend.
    #[error("PostgreSQL failed: {doing}")]
    Backend {
        /// What was being done.
        doing: &'static str,
        /// What the server said.
        source: Cause,
    },
    /// A newer program brought the schema to a version that this one does not know.
    #[error("the schema {schema} has version {found}, this program reads versions up to {known}")]
    TooNew {
        /// Which schema.
        schema: &'static str,
        /// Its version.
        found: u32,
        /// The greatest version that this program knows.
        known: u32,
    },
    /// A row, or a record of migrations, that no program of ours wrote.
    #[error("{what} cannot be read")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it cannot be.
        source: Cause,
    },
}

/// Whether a transaction that failed may run again within its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// At once: it lay on a connection that had died unnoticed.
    Now,
    /// After a short wait: others were in its way, or the server is just starting.
    Later,
    /// Not: nobody knows what came of it, or there is no time left.
    No,
}

/// What the server said. Its details, which repeat the values of rows, are left out.
#[derive(Debug, Error)]
#[error("{message} (SQLSTATE {code})")]
struct Said {
    code: String,
    message: String,
}

/// A wait that came to its deadline.
#[derive(Debug, Error)]
#[error("no answer within the time it may take")]
pub(crate) struct TooLate;

impl PostgresError {
    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// What the driver says of a statement that was not a commit.
    pub(crate) fn of(doing: &'static str, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::said(doing, error.as_ref()),
            sqlx::Error::Io(source) => Self::unavailable(doing, source, Repeat::Now),
            // What a server sends that is cut off in the middle of a message.
            error @ sqlx::Error::Protocol(_) => Self::unavailable(doing, error, Repeat::Now),
            error => Self::Backend { doing, source: error.into() },
        }
    }

    /// Nobody answered in time.
    pub(crate) fn late(doing: &'static str) -> Self {
        Self::unavailable(doing, TooLate, Repeat::No)
    }

    /// Somebody else came between the statements of a transaction: it is taken back and tried again.
    pub fn in_the_way(doing: &'static str) -> Self {
        Self::unavailable(doing, "somebody else came between", Repeat::Later)
    }

    pub(crate) fn unavailable(doing: &'static str, source: impl Into<Cause>, repeat: Repeat) -> Self {
        Self::Unavailable { doing, source: source.into(), repeat }
    }

    fn said(doing: &'static str, error: &dyn DatabaseError) -> Self {
        let (code, message) = (error.code().unwrap_or_default().into_owned(), error.message().to_owned());
        let away = away(&code);
        let source = Said { code, message }.into();
        match away {
            Some(repeat) => Self::Unavailable { doing, source, repeat },
            None => Self::Backend { doing, source },
        }
    }

    pub(crate) fn repeat(&self) -> Repeat {
        match self {
            Self::Unavailable { repeat, .. } => *repeat,
            _ => Repeat::No,
        }
    }

    /// Whether the connection is of no use any more.
    pub(crate) fn breaks(&self) -> bool {
        match self {
            Self::Unavailable { source, repeat, .. } => {
                *repeat == Repeat::Now || source.is::<TooLate>() || source.is::<std::io::Error>()
            }
            _ => false,
        }
    }

    /// The same where the transaction may have been committed.
    pub(crate) fn undecided(self) -> Self {
        match self {
            Self::Unavailable { doing, source, repeat: Repeat::Now } => {
                Self::Unavailable { doing, source, repeat: Repeat::No }
            }
            error => error,
        }
    }
}

/// Whether a server that says this is away, busy or in somebody's way (PostgreSQL, appendix A).
fn away(code: &str) -> Option<Repeat> {
    match code {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Some(Repeat::Later),
        // too_many_connections, cannot_connect_now
        "53300" | "57P03" => Some(Repeat::Later),
        // admin_shutdown, crash_shutdown, idle_in_transaction_session_timeout, idle_session_timeout: the connection is closed.
        // read_only_sql_transaction: the server that was the first is a second one now.
        "57P01" | "57P02" | "25P03" | "57P05" | "25006" => Some(Repeat::Now),
        // query_canceled (statement_timeout), lock_not_available, io_error
        "57014" | "55P03" | "58030" => Some(Repeat::No),
        // connection_exception
        _ if code.starts_with("08") => Some(Repeat::Now),
        // insufficient_resources: the disk, the memory
        _ if code.starts_with("53") => Some(Repeat::No),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_worth_another_try() {
        for (code, expected) in [
            ("40001", Some(Repeat::Later)),
            ("40P01", Some(Repeat::Later)),
            ("53300", Some(Repeat::Later)),
            ("57P03", Some(Repeat::Later)),
            ("57P01", Some(Repeat::Now)),
            ("08006", Some(Repeat::Now)),
            ("25006", Some(Repeat::Now)),
            ("57014", Some(Repeat::No)),
            ("53100", Some(Repeat::No)),
            ("23505", None),
            ("42501", None),
            ("28P01", None),
            ("3D000", None),
        ] {
            assert_eq!(away(code), expected, "{code}");
        }
    }

    #[test]
    fn a_broken_commit_is_not_repeated() {
        let cut = || PostgresError::of("commit", sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into()));
        assert_eq!(cut().repeat(), Repeat::Now);
        assert_eq!(cut().undecided().repeat(), Repeat::No);
        assert!(cut().breaks() && cut().undecided().breaks() && PostgresError::late("commit").breaks());
    }
}
