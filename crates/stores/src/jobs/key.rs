//! The key by which a repeated request is known.

use std::str::FromStr;

use domain::ids::UserId;
use thiserror::Error;

/// A client's key for one request; keys of other owners and users are other keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who asks, where it is a user.
    pub user: Option<UserId>,
    /// What the client sent.
    pub key: ClientKey,
    /// A hash of the request: the same key with another hash is a conflict.
    pub request_hash: [u8; 32],
}

/// The text of a client's key: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(String);

impl ClientKey {
    /// Greatest length in bytes.
    pub const LIMIT_BYTES: usize = 255;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientKey {
    type Err = ClientKeyError;

    fn from_str(text: &str) -> Result<Self, ClientKeyError> {
        let fits = (1..=Self::LIMIT_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned())).ok_or(ClientKeyError)
    }
}

/// Not a client's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not an idempotency key: use 1 to 255 visible ASCII characters without spaces")]
pub struct ClientKeyError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_visible() {
        for good in ["a", "01890a5d-ac96-774b-bcce-b302099a8057", &"x".repeat(255)] {
            assert_eq!(good.parse::<ClientKey>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\n", "é", &"x".repeat(256)] {
            assert_eq!(bad.parse::<ClientKey>(), Err(ClientKeyError), "{bad:?}");
        }
    }
}
