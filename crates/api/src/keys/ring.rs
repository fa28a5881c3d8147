//! Which key signs, which verify, which are published, by their age alone.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Micros;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OVERLAP_SECONDS, VERIFIES_SECONDS};

/// An Ed25519 key that may sign.
pub(crate) struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
    made_at: Micros,
}

impl SigningKey {
    pub(super) fn new(pair: Ed25519KeyPair, made_at: Micros) -> Self {
        Self { kid: thumbprint(pair.public_key().as_ref()), pair, made_at }
    }

    /// Its id.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The signature of `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

/// The public half of a key.
pub(crate) struct VerifyingKey(UnparsedPublicKey<Vec<u8>>);

impl VerifyingKey {
    /// Whether `signature` is the key's for `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}

/// A public key as it is published (RFC 7517, RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jwk {
    #[schema(example = "OKP")]
    kty: &'static str,
    #[schema(example = "Ed25519")]
    crv: &'static str,
    /// Base64url of the public key's 32 bytes.
    x: String,
    /// As in the header of a token.
    kid: String,
    #[schema(example = "sig")]
    #[serde(rename = "use")]
    usage: &'static str,
    #[schema(example = "EdDSA")]
    alg: &'static str,
}

/// All keys, the oldest first.
pub(crate) struct Ring(Vec<Arc<SigningKey>>);

impl Ring {
    pub(super) fn new(mut keys: Vec<SigningKey>) -> Self {
        keys.sort_by(|a, b| (a.made_at, &a.kid).cmp(&(b.made_at, &b.kid)));
        Self(keys.into_iter().map(Arc::new).collect())
    }

    /// The newest key whose overlap is over, else the oldest one.
    pub(super) fn signing(&self, now: Micros) -> Option<Arc<SigningKey>> {
        let ready = self.0.iter().rev().find(|key| key.made_at.plus_seconds(OVERLAP_SECONDS) <= now);
        ready.or(self.0.first()).cloned()
    }

    pub(super) fn newest_made_at(&self) -> Option<Micros> {
        self.0.last().map(|key| key.made_at)
    }

    pub(super) fn verifying(&self, kid: &str, now: Micros) -> Option<VerifyingKey> {
        let key = self.current(now).find(|key| key.kid == kid)?;
        Some(VerifyingKey(UnparsedPublicKey::new(&ED25519, key.pair.public_key().as_ref().to_vec())))
    }

    pub(super) fn published(&self, now: Micros) -> Vec<Jwk> {
        let jwk = |key: &Arc<SigningKey>| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            x: URL_SAFE_NO_PAD.encode(key.pair.public_key().as_ref()),
            kid: key.kid.clone(),
            usage: "sig",
            alg: "EdDSA",
        };
        self.current(now).map(jwk).collect()
    }

    /// The ids of keys that verify nothing any more.
    pub(super) fn over(&self, now: Micros) -> impl Iterator<Item = &str> {
        let alive = self.0.len() - self.current(now).count();
        self.0.iter().take(alive).map(|key| key.kid.as_str())
    }

    /// Keys whose tokens may still be good; the key after one says since when it no longer signs.
    fn current(&self, now: Micros) -> impl Iterator<Item = &Arc<SigningKey>> {
        let over = move |next: &Arc<SigningKey>| next.made_at.plus_seconds(OVERLAP_SECONDS + VERIFIES_SECONDS) <= now;
        let dead = self.0.iter().skip(1).take_while(|next| over(next)).count();
        self.0.iter().skip(dead)
    }
}

/// The SHA-256 of the public key's canonical JSON (RFC 7638, RFC 8037 section 2), in base64url.
pub(super) fn thumbprint(public: &[u8]) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}
