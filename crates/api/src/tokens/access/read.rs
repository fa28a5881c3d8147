//! Whether an access token is good: size, header, signature, claims, purpose and time, in this order.

use domain::ids::{Slug, UserId};
use serde::de::DeserializeOwned;

use super::{CLAIM_TYPE, Claims, HEADER_TYPE, Header, LEEWAY_SECONDS, LIMIT_BYTES, Place, Read, TokenError, Wire};
use crate::App;
use crate::body::strict;
use crate::tokens::wire;

/// The claims of a good token.
pub fn verify(app: &App, token: &str) -> Result<Claims, TokenError> {
    if token.len() > LIMIT_BYTES {
        return Err(TokenError::TooLong);
    }
    let known = app.tokens.get(token, || read(app, token))?;
    if app.keys.verifying(&known.kid)?.is_none() {
        return Err(TokenError::UnknownKey);
    }
    let (now, claims) = (app.now().0.div_euclid(1_000_000), &known.claims);
    // A whole token's life is known, so one that claims a longer one was not made here.
    let life = claims.expires_at.saturating_sub(claims.issued_at);
    let fits = (0..=i64::try_from(app.limits().access_token_seconds).unwrap_or(i64::MAX)).contains(&life);
    let began = claims.issued_at.max(known.not_before).saturating_sub(LEEWAY_SECONDS) <= now;
    if !fits || !began || claims.expires_at.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(TokenError::Time);
    }
    Ok(claims.clone())
}

/// What a token says, whatever the time is.
fn read(app: &App, token: &str) -> Result<Read, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Shape)?;
    let signature = wire::decode(signature).ok_or(TokenError::Shape)?;
    let header: Header = part(header).ok_or(TokenError::Header)?;
    // The key fixes the algorithm; the header may only agree.
    if header.alg != "EdDSA" || header.typ != HEADER_TYPE {
        return Err(TokenError::Header);
    }
    let key = app.keys.verifying(&header.kid)?.ok_or(TokenError::UnknownKey)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(TokenError::Signature);
    }
    let claims: Wire = part(claims).ok_or(TokenError::Claims)?;
    let options = &app.options;
    if claims.typ != CLAIM_TYPE || claims.aud != options.audience || claims.iss != options.issuer() {
        return Err(TokenError::Purpose);
    }
    let not_before = claims.nbf;
    Ok(Read { kid: header.kid, not_before, claims: parsed(claims).ok_or(TokenError::Claims)? })
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let value = strict(&wire::decode(text)?).ok()?;
    serde_json::from_value(value).ok()
}

fn parsed(claims: Wire) -> Option<Claims> {
    let place = |place: Place| Some((place.slug.parse::<Slug>().ok()?, place.role.parse().ok()?));
    Some(Claims {
        user: claims.sub.parse::<UserId>().ok()?,
        id: claims.jti.parse().ok()?,
        organisations: claims.organisations.into_iter().map(place).collect::<Option<_>>()?,
        scopes: claims.scopes.iter().map(|scope| scope.parse().ok()).collect::<Option<_>>()?,
        issued_at: claims.iat,
        expires_at: claims.exp,
    })
}
