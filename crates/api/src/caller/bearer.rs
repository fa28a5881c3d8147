//! The token in the Authorization header (RFC 6750 section 2.1), and nowhere else.

use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::App;
use crate::problem::{Code, Problem};
use crate::tokens::access::{self, Claims};

/// The token that the request brings; two headers are none.
pub(super) fn token(parts: &Parts) -> Result<&str, Problem> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let only = values.next().filter(|_| values.next().is_none());
    let text = only.and_then(|value| value.to_str().ok());
    let (scheme, token) = text.and_then(|text| text.split_once(' ')).ok_or(Problem::new(Code::Unauthenticated))?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token).ok_or(Problem::new(Code::Unauthenticated))
}

/// The claims of the access token that the request brings.
pub(super) fn claims(parts: &Parts, app: &Arc<App>) -> Result<Claims, Problem> {
    access::verify(app, token(parts)?).map_err(|_| Problem::new(Code::Unauthenticated))
}
