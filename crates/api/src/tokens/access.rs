//! Access tokens: JWS in compact form (RFC 7515 section 3.1), EdDSA (RFC 8037) and nothing else, claims by RFC 9068.

mod read;

use domain::ids::{Slug, UserId};
use domain::people::{Role, Scope};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::wire;
use crate::{App, KeysError};

pub use read::verify;

/// Who the tokens are for, unless an installation says otherwise.
pub const AUDIENCE: &str = "outhaul";
/// The type in the header (RFC 9068 section 2.1).
const HEADER_TYPE: &str = "at+jwt";
/// The type in the claims, so that no other token of ours can pass for one.
const CLAIM_TYPE: &str = "access";
/// How far the clocks of two API processes may be apart (seconds).
pub const LEEWAY_SECONDS: i64 = 5;
/// Greatest token (bytes): one with [`ORGANISATIONS_LIMIT`] organisations of the longest names is smaller.
pub const LIMIT_BYTES: usize = 12 << 10;
/// Most organisations that one token names; roles are read live wherever they count, so the rest is no loss.
pub const ORGANISATIONS_LIMIT: u32 = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    iss: String,
    aud: String,
    sub: String,
    typ: String,
    exp: i64,
    iat: i64,
    nbf: i64,
    jti: String,
    organisations: Vec<Place>,
    scopes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    slug: String,
    role: String,
}

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who signed in.
    pub user: UserId,
    /// Names the token.
    pub id: Uuid,
    /// Where the user belonged when it was issued; at most [`ORGANISATIONS_LIMIT`].
    pub organisations: Vec<(Slug, Role)>,
    /// What it is good for beyond the roles; users' tokens have none.
    pub scopes: Vec<Scope>,
    /// When it was issued (seconds since 1970).
    pub issued_at: i64,
    /// Its end (seconds since 1970).
    pub expires_at: i64,
}

/// What a token says whose signature is good, at whatever time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// The key that signed it.
    pub(super) kid: String,
    /// When it begins (seconds since 1970).
    pub(super) not_before: i64,
    pub(super) claims: Claims,
}

/// Why a token is not good. For the log and for tests; clients are told nothing of it.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Longer than any of ours.
    #[error("is too long")]
    TooLong,
    /// Not three parts of base64url.
    #[error("is not a token")]
    Shape,
    /// A header with more, fewer, repeated or other members than ours have.
    #[error("has another header")]
    Header,
    /// Signed by none of our keys.
    #[error("has an unknown key")]
    UnknownKey,
    /// Not signed by the key it names.
    #[error("has a wrong signature")]
    Signature,
    /// Claims that are missing, repeated, unknown or of another type.
    #[error("has other claims")]
    Claims,
    /// Issued by or for somebody else, or a token of another type.
    #[error("is for another purpose")]
    Purpose,
    /// Its time is over, or has not come.
    #[error("is not good at this time")]
    Time,
    /// The keys could not be read.
    #[error("cannot be checked")]
    Keys(#[from] KeysError),
}

/// A token for a user who belongs to `organisations`.
pub fn issue(app: &App, user: UserId, organisations: &[(Slug, Role)]) -> Result<String, KeysError> {
    let now = app.now();
    let seconds = now.0.div_euclid(1_000_000);
    let places = organisations.iter().take(ORGANISATIONS_LIMIT as usize);
    let claims = Wire {
        iss: app.options.issuer().to_owned(),
        aud: app.options.audience.clone(),
        sub: user.to_string(),
        typ: CLAIM_TYPE.to_owned(),
        exp: seconds.saturating_add_unsigned(app.limits().access_token_seconds),
        iat: seconds,
        nbf: seconds,
        jti: domain::random::uuid_v7(now, app.ports.random.as_ref()).to_string(),
        organisations: places
            .map(|(slug, role)| Place { slug: slug.to_string(), role: role.name().to_owned() })
            .collect(),
        scopes: Vec::new(),
    };
    let key = app.keys.signing()?;
    let header = Header { alg: "EdDSA".to_owned(), kid: key.kid().to_owned(), typ: HEADER_TYPE.to_owned() };
    let signed = format!("{}.{}", json(&header), json(&claims));
    let signature = wire::encode(key.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

fn json(part: &impl Serialize) -> String {
    wire::encode(serde_json::to_vec(part).expect("strings and numbers are JSON"))
}
