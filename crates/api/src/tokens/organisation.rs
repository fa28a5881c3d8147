//! Tokens with which an organisation's own programs come: `oht_` and base64url of id (16 bytes) and secret (32 bytes).

use aws_lc_rs::constant_time;
use domain::ids::TokenId;
use stores::{OrganisationToken, StoreError};
use uuid::Uuid;

use super::wire;
use crate::App;

/// What each of them begins with.
pub const PREFIX: &str = "oht_";

/// The token's text; the secret is shown once and kept as SHA-256 only.
pub fn text(id: TokenId, secret: &[u8; 32]) -> String {
    format!("{PREFIX}{}", wire::encode([id.0.as_bytes().as_slice(), secret].concat()))
}

/// What the store keeps of the secret.
pub fn secret_sha256(secret: &[u8; 32]) -> [u8; 32] {
    wire::sha256(secret)
}

/// The token that the text is, if it was not revoked.
pub async fn verify(app: &App, text: &str) -> Result<Option<OrganisationToken>, StoreError> {
    let Some((id, secret)) = parse(text) else { return Ok(None) };
    let token = app.ports.directory.token(id).await?;
    let same = |token: &OrganisationToken| {
        constant_time::verify_slices_are_equal(&token.secret_sha256, &wire::sha256(&secret)).is_ok()
    };
    Ok(token.filter(same))
}

fn parse(text: &str) -> Option<(TokenId, [u8; 32])> {
    let bytes: [u8; 48] = wire::decode(text.strip_prefix(PREFIX)?)?.try_into().ok()?;
    let (id, secret) = bytes.split_first_chunk::<16>()?;
    Some((TokenId(Uuid::from_bytes(*id)), secret.try_into().ok()?))
}
