//! Why Redis gave no answer, in words that show neither keys nor names nor passwords.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use queue::QueueError;
use redis::{ErrorKind, RedisError};
use thiserror::Error;

/// Longest code of an answer that is repeated, such as `NOPERM` (bytes).
const CODE_LIMIT: usize = 20;

/// Why Redis gave no answer.
#[derive(Clone, Debug, Error)]
pub enum RedisTrouble {
    /// No connection came about.
    #[error("redis cannot be reached: {0}")]
    Unreachable(Arc<io::Error>),
    /// No connection came about in time.
    #[error("no connection to redis within {} ms", .0.as_millis())]
    NotConnected(Duration),
    /// It was asked and stayed silent: it hangs, or the way there is gone without a word.
    #[error("no answer from redis within {} ms", .0.as_millis())]
    NotAnswered(Duration),
    /// The connection ended.
    #[error("the connection to redis ended")]
    Broken,
    /// The user or the password is missing or wrong.
    #[error("redis wants another user or password")]
    NotLetIn,
    /// An error of the server: its code alone, since its text may name users and keys.
    #[error("redis answered {0}")]
    Refused(String),
    /// What came is no answer to what was asked.
    #[error("redis gave an answer of another form")]
    Unexpected,
}

impl RedisTrouble {
    /// Whether another connection may fare better. A server that takes no writes was perhaps demoted, and its name may
    /// lead to its successor by now.
    pub(crate) fn is_of_the_wire(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::NotConnected(_) | Self::NotAnswered(_) => true,
            Self::Broken | Self::Unexpected => true,
            Self::NotLetIn => false,
            Self::Refused(code) => code == "READONLY",
        }
    }

    /// The port's error for what was being done.
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(Self) -> QueueError {
        move |trouble| QueueError::Unavailable { doing, source: Box::new(trouble) }
    }
}

impl From<io::Error> for RedisTrouble {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(Arc::new(error))
    }
}

impl From<RedisError> for RedisTrouble {
    fn from(error: RedisError) -> Self {
        match (error.kind(), error.code()) {
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => Self::NotLetIn,
            (_, Some(code)) => Self::Refused(shown(code)),
            (ErrorKind::Io, None) => Self::Broken,
            _ => Self::Unexpected,
        }
    }
}

fn shown(code: &str) -> String {
    code.chars().filter(char::is_ascii_uppercase).take(CODE_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &[u8], expected: &str) {
        let error = redis::parse_redis_value(answer).and_then(redis::Value::extract_error).expect_err("an error");
        assert_eq!(RedisTrouble::from(error).to_string(), expected, "{}", answer.escape_ascii());
    }

    #[test]
    fn only_codes_are_repeated() {
        check(b"-NOAUTH Authentication required.\r\n", "redis wants another user or password");
        check(b"-WRONGPASS invalid username-password pair\r\n", "redis wants another user or password");
        check(b"-NOPERM this user canary has no permissions\r\n", "redis answered NOPERM");
        check(b"-OOM command not allowed\r\n", "redis answered OOM");
        check(b"-READONLY You can't write\r\n", "redis answered READONLY");
        check(b"-ERR canary\r\n", "redis answered ERR");
        check(b"-ca\"nary=CANARY@EXAMPLE.ORGxxxxxxxxxxxxxxxx text\r\n", "redis answered CANARYEXAMPLEORG");
    }

    #[test]
    fn a_server_that_was_demoted_is_looked_up_anew() {
        assert!(RedisTrouble::Refused("READONLY".to_owned()).is_of_the_wire());
        assert!(!RedisTrouble::Refused("OOM".to_owned()).is_of_the_wire());
    }
}
