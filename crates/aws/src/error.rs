//! What servers say of a call that failed, fit for a line of a log.

use std::error::Error;
use std::fmt;

/// The number of a request in the server's log, if it gave one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestNumber(Option<String>);

impl RequestNumber {
    /// The number as the server gave it.
    pub fn new(told: Option<&str>) -> Self {
        Self(told.map(plain))
    }
}

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |id| write!(f, " (request {id})"))
    }
}

/// An error and those below it in one line.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below.filter(|_| text.len() < 300) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        below = cause.source();
    }
    text
}

/// What comes from the server and goes into a log: short and without surprises.
pub fn plain(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).take(80).collect()
}
