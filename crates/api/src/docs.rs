//! The API's own documentation: the OpenAPI document, Swagger UI without any other server, the pages of error codes.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{RawPathParams, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use crate::App;
use crate::problem::{Code, Problem};

/// What Swagger UI needs: its own files, styles set by its script, pictures within its styles, and this API.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The files never change under one version of the program, but the next version has others under the same names.
const CACHING: &str = "public, max-age=300";

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| crate::openapi().to_json().expect("the document is made of strings and numbers"));

/// Pages for people; they are no part of the OpenAPI document.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(async || (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "/docs/")])))
        .route("/docs/", get(async || file("index.html")))
        .route("/docs/{file}", get(swagger))
        .route("/docs/errors/{code}", get(error))
}

async fn document(State(_): State<Arc<App>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

async fn swagger(parameters: RawPathParams) -> Response {
    let name = parameters.iter().next().map(|(_, name)| name.to_owned()).unwrap_or_default();
    file(&name)
}

fn file(name: &str) -> Response {
    let config = Config::from("/openapi.json").validator_url("none").persist_authorization(false);
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, Arc::new(config)) else {
        return Problem::not_found().into_response();
    };
    let Ok(kind) = HeaderValue::from_str(&file.content_type) else {
        return Problem::new(Code::Internal).into_response();
    };
    let fixed = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, CACHING)];
    ([(CONTENT_TYPE, kind)], fixed, file.bytes.into_owned()).into_response()
}

async fn error(parameters: RawPathParams) -> Result<impl IntoResponse, Problem> {
    let code = parameters.iter().next().and_then(|(_, name)| Code::of(name)).ok_or_else(Problem::not_found)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, CACHING)], code.page()))
}
