//! What every request passes through: its id, its time, its problem document, the headers of its answer, its log line.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use domain::random::uuid_v7;
use futures::FutureExt as _;
use tracing::Instrument as _;

use crate::App;
use crate::problem::{self, Code, Problem};

/// Names a request in its answer, its problem document and the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Marks a request that the listener could read and that is none all the same, with the reason.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreadable(pub &'static str);

/// The one route whose body may take long to come.
const INGEST: &str = "/v1/organisations/{org}/messages";
/// Answers that are data: nothing in them is ever to run or to be shown in a frame.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Puts everything of this module around the routes.
pub(crate) fn around(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes.layer(axum::middleware::from_fn_with_state(Arc::clone(app), pass))
}

async fn pass(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let id = uuid_v7(app.now(), app.ports.random.as_ref()).to_string();
    let began = app.ports.clock.monotonic();
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    // Never the path as it came, its query, a header or a body: any of them may hold a secret.
    let span = tracing::info_span!("request", method, path, id);
    let limit =
        Duration::from_secs(if path == INGEST { app.limits().ingest_seconds } else { app.limits().request_seconds });
    span.in_scope(|| tracing::debug!("request began"));
    let mut response = match request.extensions().get::<Unreadable>() {
        Some(Unreadable(why)) => Problem::new(Code::MalformedRequest).detail(*why).into_response(),
        None => bounded(next.run(request), limit).instrument(span.clone()).await,
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem::render(&mut response, problem, &app.options.public_url, &id);
    }
    if method == "HEAD" {
        without_body(&mut response);
    }
    headers(response.headers_mut(), &id);
    let took = app.ports.clock.monotonic().saturating_sub(began);
    app.metrics.answered(method, path, response.status().as_u16(), took);
    let status = response.status().as_u16();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(status, milliseconds, "request answered"));
    response
}

/// The answer to HEAD has the length that GET would send (RFC 9110 section 9.3.2).
fn without_body(response: &mut Response<Body>) {
    let body = std::mem::replace(response.body_mut(), Body::empty());
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
}

/// A handler that panics or takes too long is answered for.
async fn bounded(answer: impl Future<Output = Response<Body>>, limit: Duration) -> Response<Body> {
    match tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => response,
        // What a panic says may hold data, so it is not repeated.
        Ok(Err(_)) => {
            tracing::error!("a handler panicked");
            Problem::new(Code::Internal).into_response()
        }
        Err(_) => Problem::new(Code::TimedOut).retry_after(problem::RETRY_AFTER_SECONDS).into_response(),
    }
}

/// Headers that every answer has; a page may bring a policy and a caching of its own.
fn headers(headers: &mut HeaderMap, id: &str) {
    let mut put = |name: HeaderName, value: &'static str, always: bool| {
        if always || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff", true);
    put(header::REFERRER_POLICY, "no-referrer", true);
    put(header::CACHE_CONTROL, "no-store", false);
    put(header::CONTENT_SECURITY_POLICY, DATA_POLICY, false);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The method, as long as it is one of those that exist: anybody can make up others.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
