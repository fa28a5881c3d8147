//! Passwords as argon2id hashes: pure functions that login and the command line share; each call of them costs some 20 ms
//! of one CPU and 19 MiB, so it belongs on a thread that may block, a few at a time.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;

/// Memory of one hash (KiB); with [`PASSES`] what OWASP's Password Storage Cheat Sheet asks of argon2id at least.
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Of a hash (bytes).
const OUTPUT_BYTES: usize = 32;
/// What stands in the place of the hash of somebody who is not there; it is that of no known password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";

/// A password somebody chose: text of 8 to 256 bytes.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Shortest password (bytes).
    pub const LEAST_BYTES: usize = 8;
    /// Longest password (bytes).
    pub const LIMIT_BYTES: usize = 256;
}

impl FromStr for Password {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let fits = (Self::LEAST_BYTES..=Self::LIMIT_BYTES).contains(&text.len());
        if fits { Ok(Self(text.to_owned())) } else { Err(PasswordError::Length) }
    }
}

/// Shows nothing.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Why a password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("has to have 8 to 256 bytes")]
    Length,
}

/// The hash of a password in PHC string format. `salt` is fresh random bytes.
pub fn hash(password: &Password, salt: [u8; 16]) -> String {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).expect("the parameters are in their ranges");
    let hashed = argon2().hash_password_with_params(password.0.as_bytes(), &salt, params);
    hashed.expect("the password and the salt have lengths that argon2 takes").to_string()
}

/// Whether a password is the one of a hash. Without a hash (nobody is there) it is wrong, and finding that out takes as
/// long as with one; so does a hash that cannot be read.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let stored = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let is_somebody = stored.is_some();
    let stored = stored.unwrap_or_else(|| PasswordHash::new(NOBODY).expect("a well-formed hash"));
    // No login has a longer one, and the work is not to grow with what a stranger sends.
    let bytes = password.as_bytes();
    let tried = &bytes[..bytes.len().min(Password::LIMIT_BYTES)];
    let matches = argon2().verify_password(tried, &stored).is_ok();
    matches && is_somebody && tried.len() == bytes.len()
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_matches() {
        let password: Password = "correct horse".parse().unwrap();
        let hashed = hash(&password, [7; 16]);
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert_eq!(hashed, hash(&password, [7; 16]));
        assert_ne!(hashed, hash(&password, [8; 16]));
        assert!(verify("correct horse", Some(&hashed)));
        for wrong in ["correct hors", "correct horse ", "Correct horse", ""] {
            assert!(!verify(wrong, Some(&hashed)), "{wrong}");
        }
        assert!(!verify("correct horse", None) && !verify("correct horse", Some("plain text")));
    }

    #[test]
    fn what_is_longer_is_not_cut() {
        let longest: Password = "a".repeat(256).parse().unwrap();
        let hashed = hash(&longest, [7; 16]);
        assert!(verify(&"a".repeat(256), Some(&hashed)));
        assert!(!verify(&"a".repeat(257), Some(&hashed)));
    }

    #[test]
    fn lengths_have_limits() {
        for (length, fits) in [(7, false), (8, true), (256, true), (257, false)] {
            assert_eq!("a".repeat(length).parse::<Password>().is_ok(), fits, "{length}");
        }
        assert_eq!(format!("{:?}", "secret secret".parse::<Password>()), "Ok(Password(..))");
    }
}
