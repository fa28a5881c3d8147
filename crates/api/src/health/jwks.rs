//! `GET /.well-known/jwks.json`: the public keys of access tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::keys::Jwk;
use crate::problem::{Problem, hidden};

/// How long clients may keep the set: half as long as a new key is published before it signs.
const CACHING: &str = "public, max-age=150";

#[derive(Serialize, ToSchema)]
pub(crate) struct KeySet {
    /// Keys that verify now, or will soon.
    keys: Vec<Jwk>,
}

/// The keys with which access tokens can be verified (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "jwks", tag = "operations", security(()),
    responses((status = 200, description = "The key set", body = KeySet)))]
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    let keys = app.keys.published().map_err(|error| hidden(&error, false))?;
    Ok(([(CACHE_CONTROL, CACHING)], Json(KeySet { keys })))
}
