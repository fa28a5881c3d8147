//! Access tokens that were read before: clients send the same one again and again, and reading it costs more than a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use super::access::Read;

/// Tokens remembered; with one more all are forgotten.
const KEPT_TOKENS: usize = 4_096;

/// Under the hash of a whole token, signature included, what it says; only of tokens that were found good.
///
/// Only what never changes is remembered: whether the key still counts and the time has come is asked each time.
#[derive(Debug, Default)]
pub struct KnownTokens(Mutex<HashMap<[u8; 32], Arc<Read>>>);

impl KnownTokens {
    /// What `token` says; `read` tells of one that is not known.
    pub(super) fn get<E>(&self, token: &str, read: impl FnOnce() -> Result<Read, E>) -> Result<Arc<Read>, E> {
        let hash: [u8; 32] = digest(&SHA256, token.as_bytes()).as_ref().try_into().expect("a SHA-256 has 32 bytes");
        if let Some(known) = self.lock().get(&hash) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read()?);
        let mut known = self.lock();
        if known.len() >= KEPT_TOKENS {
            known.clear();
        }
        known.insert(hash, Arc::clone(&read));
        Ok(read)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<Read>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::tokens::access::Claims;

    fn read(expires_at: i64) -> Read {
        let (user, id) = (domain::ids::UserId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let (organisations, scopes) = (Vec::new(), Vec::new());
        let claims = Claims { user, id, organisations, scopes, issued_at: 0, expires_at };
        Read { kid: String::new(), not_before: 0, claims }
    }

    #[test]
    fn only_a_good_token_is_remembered() {
        let known = KnownTokens::default();
        let end = |token: &str, found: Result<i64, ()>| {
            known.get(token, || found.map(read)).map(|read| read.claims.expires_at)
        };
        assert_eq!(end("bad", Err(())), Err(()));
        assert_eq!(end("bad", Err(())), Err(()));
        assert_eq!(end("good", Ok(1)), Ok(1));
        assert_eq!(end("good", Err(())), Ok(1));
        assert_eq!(end("good.", Err(())), Err(()));
        for number in 0..KEPT_TOKENS {
            assert_eq!(end(&number.to_string(), Ok(2)), Ok(2));
        }
        assert_eq!(end("good", Err(())), Err(()), "forgotten, and read again");
    }
}
