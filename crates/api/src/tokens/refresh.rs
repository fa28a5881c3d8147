//! Refresh tokens on the wire: `ohr_` and base64url of family (16 bytes), generation (4, big-endian) and secret (32).

use domain::ids::FamilyId;
use domain::refresh::{Family, Presented};
use uuid::Uuid;

use super::wire;
use crate::Keys;
use crate::keys::Purpose;

/// What each of them begins with.
pub const PREFIX: &str = "ohr_";

/// A token as a client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The login it comes from.
    pub family: FamilyId,
    /// How many rotations came before it.
    pub generation: u32,
    /// 256 bits that nobody can guess.
    pub secret: [u8; 32],
}

/// What a client may add to a refresh, so that a lost answer can be had again: 128 bits of its own.
pub type Nonce = [u8; 16];

impl RefreshToken {
    /// The token of a text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 52] = wire::decode(text.strip_prefix(PREFIX)?)?.try_into().ok()?;
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        let family = FamilyId(Uuid::from_bytes(*family));
        Some(Self { family, generation: u32::from_be_bytes(*generation), secret: secret.try_into().ok()? })
    }

    /// The text of the token.
    pub fn text(&self) -> String {
        let generation = self.generation.to_be_bytes();
        let bytes = [self.family.0.as_bytes().as_slice(), &generation, &self.secret].concat();
        format!("{PREFIX}{}", wire::encode(bytes))
    }

    /// What the store keeps of the secret.
    pub fn secret_sha256(&self) -> [u8; 32] {
        wire::sha256(&self.secret)
    }

    /// The token as the domain judges it.
    pub fn presented(&self, nonce: Option<&Nonce>) -> Presented {
        let nonce_sha256 = nonce.map(|nonce| wire::sha256(nonce));
        Presented { generation: self.generation, secret_sha256: self.secret_sha256(), nonce_sha256 }
    }

    /// The token that follows this one of `family` for a client with `nonce`: the same each time, and known to nobody
    /// who has only the token, only the nonce or only the server's secret.
    pub fn successor(&self, family: &Family, nonce: &Nonce, keys: &Keys) -> Self {
        let generation = self.generation + 1;
        let bytes = generation.to_be_bytes();
        let message = [family.id.0.as_bytes().as_slice(), &bytes, nonce, &self.secret].concat();
        Self { family: self.family, generation, secret: keys.code(Purpose::Refresh, &message) }
    }
}

/// Only what names it.
impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshToken").field("family", &self.family).finish_non_exhaustive()
    }
}
