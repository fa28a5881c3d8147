//! What a wake says, and its form on the queue: versioned JSON that is trusted with nothing but the owner's name.

use domain::ids::IdError;
use domain::owner::Owner;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version that is written. It and the one before are read.
pub const WAKE_VERSION: u16 = 1;
/// Greatest message that is looked at (bytes).
pub const MESSAGE_LIMIT_BYTES: usize = 1024;

/// This owner may have work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wake {
    /// Whose exports to look at.
    pub owner: Owner,
}

impl Wake {
    /// A wake for this owner.
    pub const fn of(owner: Owner) -> Self {
        Self { owner }
    }

    /// The form on the queue, e.g. `{"version":1,"owner":"org.acme"}`: the same for the same owner.
    pub fn encode(&self) -> Message {
        let form = Form { version: WAKE_VERSION, owner: self.owner.to_string() };
        Message(serde_json::to_vec(&form).expect("numbers and text have a JSON form"))
    }
}

/// What lies on the queue: perhaps garbled, forged, or of another version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// Reads a wake.
    pub fn decode(&self) -> Result<Wake, WakeError> {
        if self.0.len() > MESSAGE_LIMIT_BYTES {
            return Err(WakeError::TooLong(self.0.len()));
        }
        let Version { version } = serde_json::from_slice(&self.0)?;
        match version {
            0 => Err(WakeError::NoVersion),
            1 => Ok(Wake { owner: serde_json::from_slice::<Form>(&self.0)?.owner.parse()? }),
            newer => Err(WakeError::TooNew(newer)),
        }
    }
}

#[derive(Deserialize)]
struct Version {
    version: u16,
}

#[derive(Serialize, Deserialize)]
struct Form {
    version: u16,
    owner: String,
}

/// Why a message is no wake for this program.
#[derive(Debug, Error)]
pub enum WakeError {
    /// A newer program wrote it: it is put back for one ([`crate::Queue::push_later`]).
    #[error("a wake of version {0} is newer than this program")]
    TooNew(u16),
    /// No version of ours.
    #[error("a wake without a version")]
    NoVersion,
    /// Longer than any wake (bytes).
    #[error("a wake of {0} bytes")]
    TooLong(usize),
    /// Not of the form.
    #[error("a wake that cannot be read")]
    Garbled(#[from] serde_json::Error),
    /// Not an owner.
    #[error("a wake for nobody")]
    Owner(#[from] IdError),
}

impl WakeError {
    /// Whether a newer worker may read it; all else is dropped with a line in the log.
    pub const fn is_too_new(&self) -> bool {
        matches!(self, Self::TooNew(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let decoded = Message(text.as_bytes().to_vec()).decode();
        let decoded = decoded.map(|wake| wake.owner.to_string()).map_err(|error| error.to_string());
        assert_eq!(decoded, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
    }

    #[test]
    fn a_wake_has_one_form() {
        let wake = Wake::of("org.acme".parse().unwrap());
        assert_eq!(wake.encode().0, br#"{"version":1,"owner":"org.acme"}"#);
        assert_eq!(wake.encode().decode().unwrap(), wake);
    }

    #[test]
    fn what_is_no_wake_says_so() {
        check(r#"{"version":1,"owner":"org.acme","more":[]}"#, Ok("org.acme"));
        check(r#"{"version":2,"owners":["org.acme"]}"#, Err("a wake of version 2 is newer than this program"));
        check(r#"{"version":0,"owner":"org.acme"}"#, Err("a wake without a version"));
        check(r#"{"version":1,"owner":"org.../x"}"#, Err("a wake for nobody"));
        check(r#"{"version":1}"#, Err("a wake that cannot be read"));
        check(r#"{"version":-1,"owner":"org.acme"}"#, Err("a wake that cannot be read"));
        check("", Err("a wake that cannot be read"));
        check(&"x".repeat(1025), Err("a wake of 1025 bytes"));
    }
}
