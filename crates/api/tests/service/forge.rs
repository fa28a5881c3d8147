//! Access tokens as nobody should get past with: any header, any claims, any signature.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{NOW, World};

/// The signing key of a world, taken from its folder.
pub struct Forge {
    pair: Ed25519KeyPair,
    pub kid: String,
    pub user: String,
}

impl Forge {
    pub async fn new(world: &World) -> Self {
        let user = world.user("forged@example.org").await.to_string();
        let mut files = std::fs::read_dir(world.folder.path().join("keys")).unwrap();
        let path =
            files.find_map(|entry| Some(entry.unwrap().path()).filter(|path| path.extension() == Some("key".as_ref())));
        let path = path.unwrap();
        let stored: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let seed = URL_SAFE_NO_PAD.decode(stored["seed"].as_str().unwrap()).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        Self { pair, kid: path.file_stem().unwrap().to_str().unwrap().to_owned(), user }
    }

    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The header of a good token.
    pub fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "kid": self.kid, "typ": "at+jwt" })
    }

    /// The claims of a good token.
    pub fn claims(&self) -> Value {
        let now = NOW.0 / 1_000_000;
        json!({
            "iss": "http://127.0.0.1:8470", "aud": "outhaul", "sub": self.user, "typ": "access",
            "exp": now + 300, "iat": now, "nbf": now, "jti": "01890a5d-ac96-774b-bcce-b302099a8057",
            "organisations": [], "scopes": [],
        })
    }

    /// Signed with the right key, whatever it says.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Signed with a key of the forger's own.
    pub fn sign_foreign(&self, header: &str, claims: &str) -> String {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        Self { pair, kid: String::new(), user: String::new() }.sign(header, claims)
    }

    /// Signed by HMAC with the public key as the secret.
    pub fn sign_hmac(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.public_key()), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// A good token but for one member of its header.
    pub fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header();
        header[name] = value;
        self.sign(&header.to_string(), &self.claims().to_string())
    }

    /// A good token but for one claim.
    pub fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    /// A good token but for one claim that is not there.
    pub fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}
